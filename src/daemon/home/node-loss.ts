import { protectionOf } from '../../core/job-spec.js';
import { afterLoss, isLeased, isLeaseOver } from '../../core/protection.js';
import type { JobExit } from '../../core/cluster-map.js';
import type { JobEnd } from '../io-server.js';
import { collect } from './collect.js';
import type { HomeContext } from './homes.js';
import { isOver, placeInHistory, whereIs, type HomeJob } from './job.js';
import { lose } from './lose.js';
import { dropImages } from './take-checkpoint.js';

/** Who sends one of these wants no job that goes on elsewhere. */
export const endingSignals: ReadonlySet<string> = new Set([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
]);

/** The job's node is gone for good, or its lease is over: it is lost, or waits to be started again (tend.ts, a person). */
export async function nodeLost(context: HomeContext, job: HomeJob, reason: string): Promise<void> {
  if (isOver(job.record) || job.record.stranded) return;
  const ended = job.record.pendingSignals?.find((signal) => endingSignals.has(signal));
  if (ended !== undefined)
    return giveUp(context, job, { kind: 'signal', signal: ended }, `${ended} waited for its node`);
  const after = afterLoss(protectionOf(job.record.spec), job.images.length > 0);
  if (after === 'lose') return lose(context, job, reason);
  await strand(context, job, reason);
  if (after !== 'wait') return;
  const last = new Date(job.images[0]?.atMs ?? 0).toISOString();
  await context.homes.notice(
    job,
    `${reason}; its last image is of ${last}: mosrun --recover ${job.record.job} goes on from there, mosrun --give-up ${job.record.job} ends it`,
  );
}

/** It waits to be started elsewhere. */
export async function strand(context: HomeContext, job: HomeJob, reason: string): Promise<void> {
  context.log.write(`job ${job.record.job} is stranded: ${reason}`);
  context.history.add({ event: 'stranded', ...placeInHistory(job), reason });
  job.care.isGivenUp = false;
  job.care.triesFailed = 0;
  job.care.nextTryMs = 0;
  await context.homes.changeAtLast(job, { stranded: { reason, sinceMs: Date.now() } });
  await job.io.pause();
}

/** What its node says is the end of the job: a machine that was started anew has ended it, not the job itself. */
export async function afterEnd(context: HomeContext, job: HomeJob, end: JobEnd): Promise<void> {
  const isNodeLoss = end.exit.kind === 'unknown' && end.exit.rebooted === true;
  const isKept = afterLoss(protectionOf(job.record.spec), job.images.length > 0) !== 'lose';
  if (!isNodeLoss || !isKept) return collect(context, job, end);
  const node = whereIs(job)?.where ?? 0;
  await context.homes.queue.run(job.record.job, () =>
    nodeLost(context, job, `node ${node} was started anew and has lost it`),
  );
}

/** Nobody waits for its node any more. */
export async function giveUp(
  context: HomeContext,
  job: HomeJob,
  exit: JobExit,
  reason: string,
): Promise<void> {
  context.history.add({ event: 'given up', ...placeInHistory(job), reason });
  await context.homes.changeAtLast(job, { phase: 'done', stranded: null, exit, endedAtMs: Date.now() });
  await job.io.close();
  job.settleOver({ exit, messages: '' });
  await dropImages(context, job);
}

/** Its node has been silent for so long that what runs there stands still by itself. */
export function isAbandoned(job: HomeJob, nowMs: number): boolean {
  const protection = protectionOf(job.record.spec);
  if (job.care.isGivenUp) return true;
  return isLeased(protection) && isLeaseOver(protection, job.care.leaseGivenMs, nowMs);
}
