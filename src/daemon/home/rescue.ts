import { protectionOf } from '../../core/job-spec.js';
import type { NodeId } from '../../core/ids.js';
import { isLeased } from '../../core/protection.js';
import { nextGeneration, type Recovery } from '../../core/relocation.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';
import { isAbandoned, nodeLost } from './node-loss.js';

/**
 * An open move one of whose ends is gone for certain. Where the other end still has a whole copy that stands still, the job goes
 * on from that: at the target although nothing was committed, or at the source although it was. Else its node is lost.
 * Throws while the other end can't be asked and may yet be.
 */
export async function rescue(
  context: HomeContext,
  job: HomeJob,
  { kind, move }: Exclude<Recovery, { readonly kind: 'nothing' }>,
  reason: string,
): Promise<void> {
  const { generation } = move;
  const atMs = Date.now();
  if (kind === 'undo' && !move.isLost && (await holds(context, job, move.to, generation))) {
    // The source is gone, or stands still until home says otherwise; from here on home never does.
    await job.journal.append({ step: 'commit', generation, atMs });
    tell(context, job, `${reason}; node ${move.to} has a whole copy, and goes on with it`);
    return;
  }
  const mayRevive = kind === 'finish' && !move.isLost && !isLeased(protectionOf(job.record.spec));
  if (mayRevive && (await holds(context, job, move.from, generation))) {
    const next = nextGeneration(job.journal.entries, whereIs(job) ?? { generation });
    const { driver, dirShared } = move;
    const why = 'its node was lost';
    await job.journal.append({ step: 'claim', generation: next, atMs });
    const ends = { from: move.to, to: move.from, isLost: true, revives: generation };
    await job.journal.append({ step: 'begin', generation: next, ...ends, driver, why, dirShared, atMs });
    tell(context, job, `${reason}; node ${move.from} still has it, and goes on with it`);
    return;
  }
  await job.journal.append(
    kind === 'undo'
      ? { step: 'abort', generation, reason, atMs }
      : { step: 'done', generation, frozenMs: 0, bytes: 0, atMs },
  );
  await nodeLost(context, job, `its move could not be recovered: ${reason}`);
}

async function holds(context: HomeContext, job: HomeJob, node: NodeId, generation: number): Promise<boolean> {
  try {
    const ref = { job: job.record.job, generation };
    return (await context.nodes.access(node).call('guest.holds', ref)).holds;
  } catch (error) {
    if (isAbandoned(job, performance.now())) return false;
    throw error;
  }
}

function tell(context: HomeContext, job: HomeJob, reason: string): void {
  context.log.write(`job ${job.record.job}: ${reason}`);
  context.history.add({ event: 'rescued', ...placeInHistory(job), reason });
}
