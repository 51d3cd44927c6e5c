import type { MoveReason, MoveRecord } from '../../core/cluster-map.js';
import type { JobId, NodeId } from '../../core/ids.js';
import type { DriverName } from '../../core/job-spec.js';
import { nextGeneration, recoveryOf } from '../../core/relocation.js';
import { messageOf, MoskitError } from '../../errors.js';
import { emptyManifest, type Manifest } from '../../jobs/staging/manifest.js';
import type { MoveOutcome } from '../../protocol/messages.js';
import { saveJsonFile } from '../../state/json-file.js';
import type { ProbedDriver } from '../../protocol/guest-messages.js';
import type { spoolFiles } from '../guest/files.js';
import type { NodeAccess } from '../node-access.js';
import { reach } from '../fault-point.js';
import { openRelay, type Relay } from './bulk.js';
import { carriedPath } from './carried.js';
import { carryPlan, withProbe } from './folder-plan.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';
import { settleAgain } from './reconcile.js';
import { finishMove, recover, undoMove } from './recover.js';
import { listRemote, sendCarried, transfer } from './transfer.js';

const freezeTimeoutMs = 30 * 60_000;
const quickBytes = 4 * 1024 * 1024;

/** One move of one job: who takes part, and how far it is. */
interface Move {
  readonly context: HomeContext;
  readonly job: HomeJob;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly generation: number;
  readonly why: MoveReason;
  readonly source: NodeAccess;
  readonly target: NodeAccess;
  /** What home carried to the target afresh, for a job that starts again. */
  carriedAgain: Manifest | null;
}

/** The target says no, or the job can't be moved: an answer, not an error. */
class Refusal extends Error {}

/**
 * Moves a job: prepare, sync while it runs, freeze, image, last files, restore stopped, COMMIT, continue, clean up.
 * Both sides are stopped at the commit; whatever fails before it leaves the job running where it was.
 */
export function relocate(
  context: HomeContext,
  job: HomeJob,
  to: NodeId,
  why: MoveReason,
): Promise<MoveOutcome> {
  const id = job.record.job;
  return context.homes.queue.run(id, async (): Promise<MoveOutcome> => {
    const place = whereIs(job);
    const no = (reason: string, where = place?.where ?? context.nodes.self): MoveOutcome => ({
      moved: false,
      job: id,
      where,
      reason,
    });
    try {
      if (!place || job.record.phase !== 'running') return no(`job ${id} is over or not started yet`);
      if (place.where === to) return no(`job ${id} is on node ${to} already`);
      if (!context.nodes.has(to)) return no(`node ${to} is not in the map`);
      if (recoveryOf(job.journal.entries).kind !== 'nothing')
        return no(`an earlier move of job ${id} waits to be finished or undone`);
      job.moving = { to, step: 'prepare' };
      const move: Move = {
        context,
        job,
        from: place.where,
        to,
        generation: nextGeneration(job.journal.entries, place),
        why,
        source: context.nodes.access(place.where),
        target: context.nodes.access(to),
        carriedAgain: null,
      };
      return { moved: true, job: id, record: await carryOut(move) };
    } catch (error) {
      context.history.add({ event: 'stays', ...placeInHistory(job), to, reason: messageOf(error) });
      if (recoveryOf(job.journal.entries).kind === 'finish') return no(committedTo(id, to, error), to);
      context.log.write(`job ${id}: not moved to node ${to}: ${messageOf(error)}`);
      return no(messageOf(error));
    } finally {
      job.moving = null;
      if (recoveryOf(job.journal.entries).kind !== 'nothing')
        void recover(context, job).catch((error: unknown) => context.log.error(error));
      else {
        context.homes.follow(context, job);
        settleAgain(context, job);
      }
    }
  });
}

/** After the commit there is no way back: what is still to do is done as soon as the nodes answer. */
function committedTo(id: JobId, to: NodeId, error: unknown): string {
  return `job ${id} belongs to node ${to} now, but the move could not be finished yet (${messageOf(error)}); that goes on by itself`;
}

async function carryOut(move: Move): Promise<MoveRecord> {
  const { job, context, generation } = move;
  const driver = await chooseDriver(move);
  const dirShared = await begin(move, driver);
  let moved: { readonly frozenMs: number; readonly bytes: number };
  try {
    moved = await transferAndRestore(move, driver.driver, dirShared);
  } catch (error) {
    const ends = { from: move.from, to: move.to, generation };
    // What can't be undone now is undone by the recovery, which goes on until it is.
    await undoMove(context, job, ends, messageOf(error)).catch((trouble: unknown) =>
      context.log.write(`job ${job.record.job}: not undone yet: ${messageOf(trouble)}`),
    );
    throw error;
  }
  if (move.carriedAgain) {
    await saveJsonFile(carriedPath(context.homes.store.dirOf(job.record.job)), move.carriedAgain, {
      durable: true,
    });
  }
  return finishMove(context, job, move, { ...moved, driver: driver.driver, dirShared });
}

/** The generation is claimed, admission, then BEGIN in the journal. A target that has made room and is not needed is told so. */
async function begin(move: Move, driver: ProbedDriver): Promise<boolean> {
  const { job, target, generation } = move;
  await job.journal.append({ step: 'claim', generation, atMs: Date.now() });
  await reach('home claimed');
  try {
    const dirShared = await prepare(move, driver);
    await reach('home prepared');
    await job.journal.append({
      step: 'begin',
      generation,
      from: move.from,
      to: move.to,
      driver: driver.driver,
      why: move.why,
      dirShared,
      atMs: Date.now(),
    });
    await reach('home begun');
    move.context.history.add({
      event: 'moving',
      ...placeInHistory(job),
      to: move.to,
      reason: `${move.why}, ${driver.driver}`,
    });
    return dirShared;
  } catch (error) {
    const ref = { job: job.record.job, generation };
    await target.call('guest.discard', { ...ref, keepDir: false }).catch(() => undefined);
    throw error;
  }
}

async function chooseDriver({ job, source, from }: Move): Promise<ProbedDriver> {
  const { drivers } = await source.call('guest.probe', { job: job.record.job }, { timeoutMs: 60_000 });
  job.mobility = { atMs: Date.now(), drivers };
  const able = drivers.find((driver) => driver.reasons.length === 0);
  if (able) return able;
  const reasons = drivers.flatMap(({ driver, reasons }) => reasons.map((reason) => `${driver}: ${reason}`));
  throw new Refusal(`job ${job.record.job} can't leave node ${from}: ${reasons.join('; ')}`);
}

/** Admission at the target; answers whether both nodes see the same job folder. */
async function prepare(move: Move, driver: ProbedDriver): Promise<boolean> {
  const { context, job, target } = move;
  const { spec, carried, jobsRoot } = job.record;
  const ask = async (cwdProbe: unknown): Promise<{ refused: string | null; dirShared: boolean }> => {
    const { probe } = await move.source.call('folder.probe', { job: job.record.job });
    try {
      return await target.call(
        'guest.prepare',
        {
          job: job.record.job,
          generation: move.generation,
          you: move.to,
          spec,
          jobsRoot,
          carried,
          homecoming: move.to === context.nodes.self,
          dirProbe: probe,
          cwdProbe,
          move: { driver: driver.driver, requirements: driver.requirements },
        },
        { timeoutMs: 60_000 },
      );
    } finally {
      await move.source.call('folder.unprobe', { probe }).catch(() => undefined);
    }
  };
  const seesCwd = carried || move.to === context.nodes.self;
  const answer = seesCwd ? await ask(null) : await withProbe(spec.folder.cwd, ask);
  if (answer.refused !== null) throw new Refusal(answer.refused);
  return answer.dirShared;
}

async function transferAndRestore(
  move: Move,
  driver: DriverName,
  dirShared: boolean,
): Promise<{ readonly frozenMs: number; readonly bytes: number }> {
  const { context, job, source, target, generation } = move;
  const id = job.record.job;
  const ref = { job: id, generation };
  const relays: Relay[] = [];
  const relay = async (): Promise<Relay> => {
    const opened = await openRelay(source, target);
    relays.push(opened);
    return opened;
  };
  try {
    job.moving = { to: move.to, step: 'sync files' };
    let bytes = dirShared ? 0 : await firstFiles(move, driver);
    await reach('home sent first files');
    const known = dirShared ? emptyManifest() : await listRemote(target, { ...ref, part: 'job' });
    const pages = driver === 'criu' ? await relay() : null;
    // One that starts again gets its folder from home; only the input that it has had so far comes from here.
    const only = driver === 'restart' ? ['stdin.data'] : undefined;
    const hasFiles = driver !== 'restart' || job.record.spec.stdin === 'stream';
    const jobFiles = dirShared || !hasFiles ? null : await relay();
    const imageFiles = dirShared || driver !== 'criu' ? null : await relay();

    if (pages) {
      await target.call('pages.open', { ...ref, driver, ticket: pages.targetTicket }, { timeoutMs: 60_000 });
    }
    await job.io.pause();
    const skipBefore = driver === 'restart' ? {} : await deliveredOf(job);
    const watch = startWatch();
    job.moving = { to: move.to, step: 'freeze' };
    const [frozen] = await Promise.all([
      source.call(
        'guest.freeze',
        { ...ref, driver, ticket: pages?.sourceTicket ?? null },
        { timeoutMs: freezeTimeoutMs },
      ),
      pages ? target.call('pages.receive', ref, { timeoutMs: freezeTimeoutMs }) : undefined,
    ]);
    await reach('home heard frozen');
    if (frozen.kind === 'ended') throw new MoskitError(`job ${id} ended by itself before it could be moved`);
    const pageBytes = pages?.bytes() ?? 0;
    bytes += pageBytes;
    measure(move, pageBytes, watch.lap('freeze'));
    job.moving = { to: move.to, step: 'last files' };
    const sent = await Promise.all([
      jobFiles
        ? transfer(
            source,
            target,
            { ...ref, part: 'job' },
            { known, skipBefore, relay: jobFiles, ...(only ? { only } : {}) },
          )
        : 0,
      imageFiles
        ? transfer(
            source,
            target,
            { ...ref, part: 'image' },
            { known: emptyManifest(), skipBefore: {}, relay: imageFiles },
          )
        : 0,
    ]);
    bytes += sent[0] + sent[1];
    await reach('home sent last files');
    watch.lap('last files');
    job.moving = { to: move.to, step: 'restore' };
    await target.call('guest.restore', { ...ref, driver }, { timeoutMs: freezeTimeoutMs });
    await reach('home heard restored');
    watch.lap('restore');
    await job.journal.append({ step: 'commit', generation, atMs: Date.now() });
    await reach('home committed');
    watch.lap('commit');
    job.moving = { to: move.to, step: 'continue' };
    await target.call('guest.continue', { ...ref, driver }, { timeoutMs: 60_000 });
    await reach('home heard continued');
    watch.lap('continue');
    context.log.write(`job ${id}: stood still for ${watch.text()}`);
    return { frozenMs: watch.totalMs(), bytes };
  } finally {
    for (const opened of relays) opened.destroy();
  }
}

/** Where the standstill goes, step by step, ms. */
function startWatch(): { lap(step: string): number; text(): string; totalMs(): number } {
  const beginMs = performance.now();
  const laps: string[] = [];
  let lastMs = beginMs;
  return {
    lap: (step) => {
      const nowMs = performance.now();
      const tookMs = nowMs - lastMs;
      laps.push(`${step} ${Math.round(tookMs)} ms`);
      lastMs = nowMs;
      return tookMs;
    },
    text: () => laps.join(', '),
    totalMs: () => lastMs - beginMs,
  };
}

/** The first pass of the files, while the job runs. A job that starts again gets its folder fresh from home. */
async function firstFiles(move: Move, driver: DriverName): Promise<number> {
  const { context, job, source, target, generation } = move;
  const ref = { job: job.record.job, generation };
  if (driver !== 'restart') {
    const known = await listRemote(target, { ...ref, part: 'job' });
    const atMs = performance.now();
    const bytes = await transfer(
      source,
      target,
      { ...ref, part: 'job' },
      { known, skipBefore: await deliveredOf(job) },
    );
    measure(move, bytes, performance.now() - atMs);
    return bytes;
  }
  if (!job.record.carried) return 0;
  const plan = await carryPlan(context, job.record.spec);
  if (plan.kind === 'refused') throw new Refusal(plan.reason);
  move.carriedAgain = plan.manifest;
  await sendCarried(target, ref, job.record.spec.folder.cwd, plan);
  return plan.bytes;
}

/** What home has of the spools need not travel any more. */
async function deliveredOf(job: HomeJob): Promise<Readonly<Record<string, number>>> {
  const { stdout, stderr } = await job.io.settle();
  const sizes: Record<(typeof spoolFiles)[number], number> = { stdout, stderr, 'stdin.data': 0 };
  return sizes;
}

function measure({ context, from, to }: Move, bytes: number, ms: number): void {
  if (bytes < quickBytes || ms <= 0) return;
  for (const node of [from, to]) {
    if (node !== context.nodes.self) context.nodes.measured(node, (bytes / ms) * 1000);
  }
}
