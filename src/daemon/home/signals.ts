import { UnreachableError } from '../../errors.js';
import type { HomeContext } from './homes.js';
import { endingSignals, giveUp } from './node-loss.js';
import { isOver, placeInHistory, whereIs, type HomeJob } from './job.js';

const stopping: ReadonlySet<string> = new Set(['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU']);

/** Sends a signal to the job wherever it is; while it moves, when it has arrived. A node that is away gets it later. */
export function signalJob(context: HomeContext, job: HomeJob, signal: string): Promise<void> {
  return context.homes.queue.run(job.record.job, async () => {
    if (isOver(job.record) || job.record.phase === 'collecting') return;
    if (job.record.stranded && endingSignals.has(signal))
      return giveUp(context, job, { kind: 'signal', signal }, `${signal} while it waited for a node`);
    if (stopping.has(signal)) await context.homes.change(job, { userStopped: true });
    if (signal === 'SIGCONT') await context.homes.change(job, { userStopped: false });
    const place = whereIs(job);
    if (!place) return;
    context.history.add({ event: 'signal', ...placeInHistory(job), reason: signal });
    try {
      await context.nodes
        .access(place.where)
        .call('guest.signal', { job: job.record.job, signal }, { timeoutMs: 5_000 });
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      await context.homes.change(job, { pendingSignals: [...(job.record.pendingSignals ?? []), signal] });
      await context.homes.notice(
        job,
        `node ${place.where} does not answer; ${signal} is delivered when it does`,
      );
    }
  });
}

/** The job's node answers again. */
export async function deliverPending(context: HomeContext, job: HomeJob): Promise<void> {
  const pending = job.record.pendingSignals ?? [];
  if (pending.length === 0) return;
  await context.homes.change(job, { pendingSignals: [] });
  for (const signal of pending) await signalJob(context, job, signal);
}
