import type { MoveRecord, MoveReason } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import type { DriverName } from '../../core/job-spec.js';
import { recoveryOf, type BeginStep, type Recovery } from '../../core/relocation.js';
import { messageOf, RefusedError, UnreachableError } from '../../errors.js';
import type { HomeContext } from './homes.js';
import { fault } from './fault.js';
import { reach } from '../fault-point.js';
import { isAbandoned } from './node-loss.js';
import { rescue } from './rescue.js';
import { settleAgain } from './reconcile.js';
import { placeInHistory, type HomeJob } from './job.js';

const retryMs = 1_000;
const longestRetryMs = 10_000;

interface MoveEnds {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly generation: number;
  /** The job is started again elsewhere because `from` is gone. */
  readonly isLost?: boolean;
}

/** Before COMMIT: the source continues, the target discards. The journal closes only when the source runs again. */
export async function undoMove(
  context: HomeContext,
  job: HomeJob,
  move: MoveEnds,
  reason: string,
): Promise<void> {
  if (recoveryOf(job.journal.entries).kind === 'finish') return;
  const ref = { job: job.record.job, generation: move.generation };
  // A COMMIT whose writing failed may be on the disk all the same: the next mosd would act on it.
  await job.journal.settle();
  if (!move.isLost) await context.nodes.access(move.from).call('guest.thaw', ref, { timeoutMs: 60_000 });
  await job.journal.append({ step: 'abort', generation: move.generation, reason, atMs: Date.now() });
  context.history.add({ event: 'undone', ...placeInHistory(job), to: move.to, reason });
  discardCopy(context, job, move);
}

/**
 * The copy at the target is stopped and no one will ever continue it: nobody waits until a target that is perhaps dead has
 * ended it. One that can't be told now is looked at again when it answers.
 */
export function discardCopy(
  context: HomeContext,
  job: HomeJob,
  { to, generation }: { readonly to: NodeId; readonly generation: number },
): void {
  const told = (error: unknown): void => {
    fault(context, job, to, `its stopped copy is not discarded yet: ${messageOf(error)}`);
    job.unsettled.add(to);
    if (!job.moving) settleAgain(context, job);
  };
  try {
    const ref = { job: job.record.job, generation, keepDir: false };
    context.nodes.access(to).call('guest.discard', ref).catch(told);
  } catch (error) {
    told(error); // it is not in the map any more
  }
}

export interface Finished {
  readonly frozenMs: number;
  readonly bytes: number;
  readonly driver: DriverName;
  readonly dirShared: boolean;
}

/** After COMMIT and continue: the source is discarded, the record tells the story. */
export async function finishMove(
  context: HomeContext,
  job: HomeJob,
  move: MoveEnds & { readonly why: MoveReason },
  { frozenMs, bytes, driver, dirShared }: Finished,
): Promise<MoveRecord> {
  const atMs = Date.now();
  const record: MoveRecord = { from: move.from, to: move.to, why: move.why, driver, atMs, frozenMs, bytes };
  if (job.record.userStopped) {
    await context.nodes
      .access(move.to)
      .call('guest.signal', { job: job.record.job, signal: 'SIGSTOP' })
      .catch((error: unknown) => {
        // One that has ended takes no signal; the move is done all the same.
        if (error instanceof UnreachableError) throw error;
        fault(context, job, move.to, `not stopped again: ${messageOf(error)}`);
      });
  }
  if (move.isLost) job.unsettled.add(move.from);
  else
    await context.nodes
      .access(move.from)
      .call('guest.discard', { job: job.record.job, generation: move.generation, keepDir: dirShared })
      .catch((error: unknown) => {
        job.unsettled.add(move.from);
        fault(context, job, move.from, `its rest is not discarded yet: ${messageOf(error)}`);
      });
  await reach('home discarded');
  await job.journal.append({ step: 'done', generation: move.generation, frozenMs, bytes, atMs });
  await reach('home done');
  await context.homes.change(job, { lastMove: record, stranded: null });
  context.history.add({
    event: 'moved',
    job: job.record.job,
    generation: move.generation,
    node: move.from,
    to: move.to,
    reason: `${move.why}, ${driver}, stood still ${Math.round(frozenMs)} ms, ${bytes} bytes`,
  });
  context.log.write(
    `job ${job.record.job}: node ${move.from} -> ${move.to}, ${driver}, ${move.why}, stood still ${Math.round(frozenMs)} ms, ${bytes} bytes`,
  );
  return record;
}

/**
 * The node answers, and says that it does not have the job: waiting longer brings nothing back. Any other error (a full
 * disk) may pass, and until then the node still holds what the job is made of.
 */
function isHopeless(error: unknown): boolean {
  return error instanceof RefusedError;
}

/** A move that was under way when mosd ended, or whose party was away: finished or undone, as the journal says. */
export function recover(context: HomeContext, job: HomeJob): Promise<void> {
  return context.homes.queue.run(job.record.job, async () => {
    const recovery = recoveryOf(job.journal.entries);
    if (recovery.kind === 'nothing') return;
    const { move } = recovery;
    job.moving = { to: move.to, step: 'recover' };
    context.history.add({
      event: 'recovering',
      job: job.record.job,
      generation: move.generation,
      node: move.from,
      to: move.to,
      reason: recovery.kind === 'undo' ? 'the move is undone' : 'the move is finished',
    });
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await recoverOnce(context, job, recovery);
          return;
        } catch (error) {
          if (attempt === 1)
            fault(context, job, move.from, `recovery of its move waits: ${messageOf(error)}`, 'waits');
          job.isUnreachable = true;
          await new Promise((resolve) => setTimeout(resolve, Math.min(attempt * retryMs, longestRetryMs)));
        }
      }
    } finally {
      job.isUnreachable = false;
      job.moving = null;
      // A rescue opens another move.
      if (recoveryOf(job.journal.entries).kind !== 'nothing')
        void recover(context, job).catch((error: unknown) => context.log.error(error));
      else if (!job.record.stranded) context.homes.follow(context, job);
      settleAgain(context, job);
    }
  });
}

/** Throws what may pass; the end of a node does not. */
async function recoverOnce(
  context: HomeContext,
  job: HomeJob,
  recovery: Exclude<Recovery, { readonly kind: 'nothing' }>,
): Promise<void> {
  const { kind, move } = recovery;
  try {
    if (kind === 'undo') await undoMove(context, job, move, 'mosd ended in the middle of the move');
    else await goOn(context, job, move);
  } catch (error) {
    if (!isHopeless(error) && !isAbandoned(job, performance.now())) throw error;
    await rescue(context, job, recovery, messageOf(error));
  }
}

async function goOn(context: HomeContext, job: HomeJob, move: BeginStep): Promise<void> {
  const ref = { job: job.record.job, generation: move.generation };
  const target = context.nodes.access(move.to);
  const { driver, dirShared, revives } = move;
  if (revives === undefined) await target.call('guest.continue', { ...ref, driver }, { timeoutMs: 60_000 });
  else await target.call('guest.revive', { ...ref, frozenFor: revives }, { timeoutMs: 60_000 });
  await finishMove(context, job, move, { frozenMs: 0, bytes: 0, driver, dirShared });
}
