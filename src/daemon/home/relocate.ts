import type { MoveReason, MoveRecord } from '../../core/cluster-map.js';
import type { JobId, NodeId } from '../../core/ids.js';
import { nextGeneration, recoveryOf } from '../../core/relocation.js';
import { explanationOf, messageOf } from '../../errors.js';
import type { MoveOutcome } from '../../protocol/messages.js';
import type { ProbedDriver } from '../../protocol/guest-messages.js';
import { reach } from '../fault-point.js';
import { bringOver } from './bring-over.js';
import { dropCarried } from './carried.js';
import { withProbe } from './folder-plan.js';
import type { HomeContext } from './homes.js';
import { fault } from './fault.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';
import { Refusal, type Move } from './move.js';
import { settleAgain } from './reconcile.js';
import { signalJob } from './signals.js';
import { discardCopy, finishMove, recover, undoMove } from './recover.js';

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
    const no = (
      reason: string,
      where = place?.where ?? context.nodes.self,
      explanation: readonly string[] = [],
    ): MoveOutcome => {
      context.history.add({ event: 'stays', ...placeInHistory(job), to, reason });
      const why = explanation.length === 0 ? {} : { explanation };
      return { moved: false, job: id, where, reason, ...why };
    };
    try {
      if (!place || job.record.phase !== 'running') return no(`job ${id} is over or not started yet`);
      if (job.record.stranded) return no(`job ${id} has lost its node: ${job.record.stranded.reason}`);
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
      };
      const record = await carryOut(move);
      signalMigrated(context, job);
      return { moved: true, job: id, record };
    } catch (error) {
      if (recoveryOf(job.journal.entries).kind === 'finish')
        return no(committedTo(id, to, error), to, explanationOf(error));
      context.log.write(`job ${id}: not moved to node ${to}: ${messageOf(error)}`);
      return no(messageOf(error), undefined, explanationOf(error));
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

/** `sigmig`: the job asked for a signal after each move. It goes out when the move has left the queue. */
function signalMigrated(context: HomeContext, job: HomeJob): void {
  const { sigmig } = job.record;
  if (sigmig) void signalJob(context, job, sigmig).catch((error: unknown) => context.log.error(error));
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
    moved = await bringOver(move, driver.driver, dirShared);
  } catch (error) {
    const ends = { from: move.from, to: move.to, generation };
    // What can't be undone now is undone by the recovery, which goes on until it is.
    await undoMove(context, job, ends, messageOf(error)).catch((trouble: unknown) =>
      fault(context, job, move.from, `the move is not undone yet: ${messageOf(trouble)}`),
    );
    if (recoveryOf(job.journal.entries).kind === 'nothing')
      await dropCarried(context.homes.store.dirOf(job.record.job), generation);
    throw error;
  }
  return finishMove(context, job, move, { ...moved, driver: driver.driver, dirShared });
}

/** The generation is claimed, admission, then BEGIN in the journal. A target that has made room and is not needed is told so. */
async function begin(move: Move, driver: ProbedDriver): Promise<boolean> {
  const { job, generation } = move;
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
    discardCopy(move.context, job, move);
    throw error;
  }
}

async function chooseDriver({ job, source, from }: Move): Promise<ProbedDriver> {
  const { drivers } = await source.call('guest.probe', { job: job.record.job }, { timeoutMs: 60_000 });
  job.mobility = { probedMs: performance.now(), drivers };
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
  job.care.leaseGivenMs = performance.now();
  return answer.dirShared;
}
