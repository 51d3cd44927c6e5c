import type { HomeContext } from './homes.js';
import { isOver, placeInHistory, type HomeJob } from './job.js';

/** The job is gone and nobody can tell how it ended. */
export async function lose(context: HomeContext, job: HomeJob, reason: string): Promise<void> {
  if (isOver(job.record)) return;
  context.log.write(`job ${job.record.job} is lost: ${reason}`);
  context.history.add({ event: 'lost', ...placeInHistory(job), reason });
  const exit = { kind: 'unknown', reason } as const;
  await context.homes.changeAtLast(job, { phase: 'lost', exit, endedAtMs: Date.now() });
  await job.io.close();
  job.settleOver({ exit, messages: '' });
}
