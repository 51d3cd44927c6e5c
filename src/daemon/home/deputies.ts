import { readStartTicks } from '../../jobs/process-tree.js';
import type { HomeContext } from './homes.js';
import { isOver, type HomeJob } from './job.js';
import { signalJob } from './signals.js';

/** A deputy whose link broke may just have lost its mosd; it is given this long to come back. */
const graceMs = 3_000;

export interface DeputyIdentity {
  readonly pid: number;
  readonly startTicks: number;
}

/** A deputy has come (`null`: a mere looker-on). Answers what to call when its channel is closed. */
export async function watchDeputy(
  context: HomeContext,
  job: HomeJob,
  deputy: DeputyIdentity | null,
): Promise<() => void> {
  if (!deputy) return () => undefined;
  job.deputies += 1;
  if (job.record.detached || job.record.spec.deputy?.pid !== deputy.pid) {
    await context.homes.change(job, { detached: false, spec: { ...job.record.spec, deputy } });
  }
  return () => {
    job.deputies -= 1;
    setTimeout(() => void endIfOrphaned(context, job), graceMs).unref();
  };
}

/** The deputy *is* the job for its user: `kill -9` of it ends the job, as it would have ended a local command. */
export async function endIfOrphaned(context: HomeContext, job: HomeJob): Promise<void> {
  const { record } = job;
  if (isOver(record) || record.detached || job.deputies > 0 || !record.spec.deputy) return;
  const { pid, startTicks } = record.spec.deputy;
  if ((await readStartTicks(pid)) === startTicks) return;
  context.log.write(`job ${record.job}: its deputy (PID ${pid}) was killed: the job is ended`);
  await signalJob(context, job, 'SIGKILL').catch((error: unknown) => context.log.error(error));
}
