import type { NodeReport } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { protectionOf } from '../../core/job-spec.js';
import { isLeased } from '../../core/protection.js';
import { messageOf } from '../../errors.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';
import { isAbandoned, nodeLost } from './node-loss.js';
import { originsOf } from './origins.js';
import { recover } from './recover.js';
import { recoveryOf } from '../../core/relocation.js';
import { deliverPending } from './signals.js';
import { settleAgain } from './reconcile.js';
import { startElsewhere } from './start-elsewhere.js';
import { takeCheckpoint } from './take-checkpoint.js';

const renewMostMs = 5_000;
/** Of a lease: so often is it renewed. */
const renewPart = 4;
const freshMs = 5_000;
const retryMs = 10_000;
const longestRetryMs = 300_000;
const imageRetryMs = 60_000;

/** Once a second: leases are renewed, nodes that are gone noticed, stranded jobs started elsewhere, images made. */
export function tend(context: HomeContext, nowMs: number): void {
  const renewals = new Map<NodeId, { readonly job: HomeJob; readonly generation: number }[]>();
  for (const job of context.homes.active()) {
    if (job.record.phase !== 'running') continue;
    const place = whereIs(job);
    if (!place) continue;
    if (isLeased(protectionOf(job.record.spec))) {
      if (!job.record.stranded) watchNode(context, job, place, nowMs);
      for (const { where, generation } of holdersOf(job, place))
        if (where !== context.nodes.self)
          renewals.set(where, [...(renewals.get(where) ?? []), { job, generation }]);
    }
    if (job.care.busy || job.moving) continue;
    if (job.record.stranded) tryElsewhere(context, job, nowMs);
    else tryImage(context, job, nowMs);
  }
  for (const [node, guests] of renewals) renew(context, node, guests, nowMs);
}

/** Who may run the job, or is about to: where it is unless that is lost, and where it is going. */
function holdersOf(
  { record, journal, moving }: HomeJob,
  place: { readonly where: NodeId; readonly generation: number },
): readonly { readonly where: NodeId; readonly generation: number }[] {
  const isThere = !record.stranded || recoveryOf(journal.entries).kind === 'finish';
  const target =
    moving?.generation === undefined ? null : { where: moving.to, generation: moving.generation };
  return [
    ...(isThere ? [place] : []),
    ...(target && !(isThere && target.generation === place.generation) ? [target] : []),
  ];
}

/** While its node is up, a renewal may reach it at any time: home's count begins when it is no longer. */
function watchNode(
  context: HomeContext,
  job: HomeJob,
  { where }: { readonly where: NodeId },
  nowMs: number,
): void {
  const { nodes, homes } = context;
  if (where === nodes.self || freshReportOf(context, where)) {
    job.care.leaseGivenMs = nowMs;
    return;
  }
  if (!isAbandoned(job, nowMs) || job.moving || job.care.busy) return;
  occupy(context, job, () =>
    homes.queue.run(job.record.job, async () => {
      const now = whereIs(job);
      if (now?.where !== where || !isAbandoned(job, performance.now())) return;
      await nodeLost(context, job, `node ${where} has not answered for longer than the job's lease`);
    }),
  );
}

/** Null for a node that does not speak to us now. */
function freshReportOf({ nodes }: HomeContext, node: NodeId): NodeReport | null {
  if (!nodes.has(node)) return null;
  const { state, ageMs, report } = nodes.view(node, performance.now());
  return state === 'up' && (ageMs ?? freshMs) < freshMs ? report : null;
}

function renew(
  context: HomeContext,
  node: NodeId,
  guests: readonly { readonly job: HomeJob; readonly generation: number }[],
  nowMs: number,
): void {
  const echoMs = freshReportOf(context, node)?.upMs;
  if (echoMs === undefined) return;
  const due = guests.filter(({ job }) => {
    const every = Math.min(renewMostMs, protectionOf(job.record.spec).leaseMs / renewPart);
    return job.moving !== null || nowMs - job.care.renewedMs >= every;
  });
  if (due.length === 0) return;
  for (const { job } of due) {
    job.care.renewedMs = nowMs;
    job.care.leaseGivenMs = nowMs;
  }
  const asked = due.map(({ job, generation }) => ({ job: job.record.job, generation }));
  void context.nodes
    .access(node)
    .call('guest.lease', { echoMs, guests: asked }, { timeoutMs: freshMs })
    .catch((error: unknown) => context.log.write(`leases on node ${node}: ${messageOf(error)}`));
}

/** A node more for jobs that wait for one. */
export function tryAgainSoon(context: HomeContext): void {
  for (const job of context.homes.active()) job.care.nextTryMs = 0;
}

function tryElsewhere(context: HomeContext, job: HomeJob, nowMs: number): void {
  if (nowMs < job.care.nextTryMs || protectionOf(job.record.spec).onNodeLoss === 'hold') return;
  // Each try is written into the journal: one that fails for days must not fill the disk.
  job.care.nextTryMs = nowMs + Math.min(longestRetryMs, retryMs * 2 ** job.care.triesFailed);
  job.care.triesFailed++;
  occupy(context, job, () => recoverStranded(context, job, originsOf(job), null));
}

/** Starts a stranded job elsewhere; answers what became of that. */
export function recoverStranded(
  context: HomeContext,
  job: HomeJob,
  origins: Parameters<typeof startElsewhere>[2],
  told: NodeId | null,
): ReturnType<typeof startElsewhere> {
  return context.homes.queue
    .run(job.record.job, () => startElsewhere(context, job, origins, told))
    .finally(() => {
      if (recoveryOf(job.journal.entries).kind !== 'nothing')
        void recover(context, job).catch((error: unknown) => context.log.error(error));
      else {
        if (!job.record.stranded) arrived(context, job);
        settleAgain(context, job);
      }
    });
}

/** What its user asked for while it had no node is done now. */
function arrived(context: HomeContext, job: HomeJob): void {
  context.homes.follow(context, job);
  void deliverPending(context, job).catch((error: unknown) => context.log.error(error));
}

function tryImage(context: HomeContext, job: HomeJob, nowMs: number): void {
  const { checkpointMs } = protectionOf(job.record.spec);
  if (checkpointMs === null || job.isUnreachable || job.record.userStopped) return;
  job.care.nextImageMs ??= nowMs + firstImageIn(job, checkpointMs);
  if (nowMs < job.care.nextImageMs) return;
  job.care.nextImageMs = nowMs + checkpointMs;
  occupy(context, job, async () => {
    try {
      await takeCheckpoint(context, job);
      job.care.imageTrouble = '';
    } catch (error) {
      job.care.nextImageMs = performance.now() + Math.min(checkpointMs, imageRetryMs);
      const reason = messageOf(error);
      if (reason === job.care.imageTrouble) return;
      job.care.imageTrouble = reason;
      context.log.write(`job ${job.record.job}: no image: ${reason}`);
      context.history.add({ event: 'no image', ...placeInHistory(job), reason });
    }
  });
}

/** After a new start of mosd: when the last image is as old as they may be. */
function firstImageIn(job: HomeJob, checkpointMs: number): number {
  const age = job.images[0] ? Math.max(0, Date.now() - job.images[0].atMs) : 0;
  return Math.max(0, checkpointMs - age);
}

function occupy(context: HomeContext, job: HomeJob, task: () => Promise<unknown>): void {
  job.care.busy = true;
  void task()
    .catch((error: unknown) => context.log.error(error))
    .finally(() => {
      job.care.busy = false;
    });
}
