import type { DriverName } from '../../core/job-spec.js';
import { MoskitError } from '../../errors.js';
import { emptyManifest } from '../../jobs/staging/manifest.js';
import { reach } from '../fault-point.js';
import type { spoolFiles } from '../guest/files.js';
import { openRelay, type Relay } from './bulk.js';
import { carryPlan } from './folder-plan.js';
import { saveCarried } from './carried.js';
import type { HomeJob } from './job.js';
import { Refusal, type Move } from './move.js';
import { watchStandstill, type Standstill } from './standstill.js';
import { listRemote, sendCarried, transfer } from './transfer.js';

const freezeTimeoutMs = 30 * 60_000;
const quickBytes = 4 * 1024 * 1024;

/**
 * From the first files to the running copy at the target. The job stands still from `freeze` to `continue`; the COMMIT
 * is in between, when the copy stands ready.
 */
export async function bringOver(
  move: Move,
  driver: DriverName,
  dirShared: boolean,
): Promise<{ readonly frozenMs: number; readonly bytes: number }> {
  const { context, job, source, target, generation } = move;
  const id = job.record.job;
  const ref = { job: id, generation };
  const relays: Relay[] = [];
  let standstill: Standstill | null = null;
  const relay = async (): Promise<Relay> => {
    const opened = await openRelay(source, target);
    relays.push(opened);
    return opened;
  };
  try {
    job.moving = { to: move.to, generation: move.generation, step: 'sync files' };
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
    standstill = watchStandstill(target, () => relays.reduce((sum, relay) => sum + relay.bytes(), 0));
    job.moving = { to: move.to, generation: move.generation, step: 'freeze' };
    const [frozen] = await standstill.race(
      Promise.all([
        source.call(
          'guest.freeze',
          { ...ref, driver, ticket: pages?.sourceTicket ?? null },
          { timeoutMs: freezeTimeoutMs },
        ),
        pages ? target.call('pages.receive', ref, { timeoutMs: freezeTimeoutMs }) : undefined,
      ]),
    );
    await reach('home heard frozen');
    if (frozen.kind === 'ended') throw new MoskitError(`job ${id} ended by itself before it could be moved`);
    const pageBytes = pages?.bytes() ?? 0;
    bytes += pageBytes;
    measure(move, pageBytes, watch.lap('freeze'));
    job.moving = { to: move.to, generation: move.generation, step: 'last files' };
    const sending = Promise.all([
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
    const sent = await standstill.race(sending);
    bytes += sent[0] + sent[1];
    await reach('home sent last files');
    watch.lap('last files');
    job.moving = { to: move.to, generation: move.generation, step: 'restore' };
    await standstill.race(target.call('guest.restore', { ...ref, driver }, { timeoutMs: freezeTimeoutMs }));
    standstill.stop();
    await reach('home heard restored');
    watch.lap('restore');
    await job.journal.append({ step: 'commit', generation, atMs: Date.now() });
    await reach('home committed');
    watch.lap('commit');
    job.moving = { to: move.to, generation: move.generation, step: 'continue' };
    await target.call('guest.continue', { ...ref, driver }, { timeoutMs: 60_000 });
    await reach('home heard continued');
    watch.lap('continue');
    context.log.write(`job ${id}: stood still for ${watch.text()}`);
    return { frozenMs: watch.totalMs(), bytes };
  } finally {
    standstill?.stop();
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
  await saveCarried(context.homes.store.dirOf(job.record.job), plan.manifest, generation);
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
