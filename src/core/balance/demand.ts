import type { JobId, NodeId } from '../ids.js';
import type { Forecast } from './forecast.js';
import type { BalanceJob } from './types.js';

/** A job below this share of what it could have is idle: it waits for something else than a processor. */
const idleShare = 0.02;

/** For each job, how many processors it would use if it could: what it counts for in the loads. */
export function demandsOf(jobs: readonly BalanceJob[], forecast: Forecast): ReadonlyMap<JobId, number> {
  const demands = new Map<JobId, number>();
  const shares = sharesByNode(jobs);
  for (const job of jobs) {
    const outlook = forecast.get(job.where);
    if (!outlook) continue;
    const share = shares.get(job.where) ?? 0;
    demands.set(job.job, job.demand ?? demandOf(job, outlook.leaving, outlook.node.cpus, share));
  }
  return demands;
}

/**
 * Works back from what the job got among `runnable` processes. Its share is small on a crowded node, and also where a
 * quota leaves less than a processor; so a job that is not idle counts up to one process, as far as the node's run
 * queue, divided by what this home's jobs there got (`ownShare`), has room for that. It never counts for more than the
 * whole queue.
 */
export function demandOf(job: BalanceJob, runnable: number, cpus: number, ownShare: number): number {
  const surely = Math.min(job.cpu * Math.max(1, runnable / cpus), Math.max(job.cpu, runnable));
  if (job.hint === 'cpujob') return Math.max(1, surely);
  if (surely < idleShare) return surely;
  return Math.max(surely, Math.min(1, (job.cpu / ownShare) * runnable));
}

function sharesByNode(jobs: readonly BalanceJob[]): ReadonlyMap<NodeId, number> {
  const shares = new Map<NodeId, number>();
  for (const job of jobs) shares.set(job.where, (shares.get(job.where) ?? 0) + job.cpu);
  return shares;
}
