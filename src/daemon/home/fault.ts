import type { NodeId } from '../../core/ids.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, type HomeJob } from './job.js';

/** Something did not work, and home lives with it or tries again: for the log and for the history. */
export function fault(
  context: Pick<HomeContext, 'log' | 'history'>,
  job: HomeJob,
  node: NodeId | null,
  reason: string,
  event: 'fault' | 'waits' = 'fault',
): void {
  const where = node === null ? {} : { node };
  context.log.write(`job ${job.record.job}: ${node === null ? '' : `node ${node}: `}${reason}`);
  context.history.add({ event, ...placeInHistory(job), ...where, reason });
}
