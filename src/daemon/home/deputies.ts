import { readStartTicks } from '../../jobs/process-tree.js';
import type { HomeContext } from './homes.js';
import { isOver, placeInHistory, type HomeJob } from './job.js';
import { signalJob } from './signals.js';

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
  };
}

/** Looks once a second at the jobs that should have a deputy and have none connected. */
export async function endOrphans(context: HomeContext): Promise<void> {
  for (const job of context.homes.active()) await endIfOrphaned(context, job);
}

/**
 * The deputy *is* the job for its user: `kill -9` of it ends the job, as it would have ended a local command. One that
 * lives has just lost its link, and comes back.
 */
async function endIfOrphaned(context: HomeContext, job: HomeJob): Promise<void> {
  const { record } = job;
  if (
    isOver(record) ||
    record.phase === 'collecting' ||
    record.detached ||
    job.deputies > 0 ||
    !record.spec.deputy
  )
    return;
  const { pid, startTicks } = record.spec.deputy;
  if ((await readStartTicks(pid)) === startTicks) return;
  context.log.write(`job ${record.job}: its deputy (PID ${pid}) was killed: the job is ended`);
  const reason = `its deputy (PID ${pid}) was killed: the job is ended`;
  context.history.add({ event: 'orphaned', ...placeInHistory(job), reason });
  await context.homes.change(job, { detached: true });
  // Not awaited: a job whose move waits for its node must not keep the others waiting.
  void signalJob(context, job, 'SIGKILL').catch((error: unknown) => context.log.error(error));
}
