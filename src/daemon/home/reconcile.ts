import { homeOf, type JobId, type NodeId } from '../../core/ids.js';
import { recoveryOf, staleBelow } from '../../core/relocation.js';
import type { GuestSummary } from '../../protocol/guest-messages.js';
import type { HomeContext } from './homes.js';
import { launch } from './launch.js';
import { messageOf } from '../../errors.js';
import { isOver, placeInHistory, whereIs, type HomeJob } from './job.js';
import { nodeLost } from './node-loss.js';
import { deliverPending } from './signals.js';

const folderTries = 5;
const folderRetryMs = 2_000;

/** A node's link came up: what it holds is compared with what home knows. Stale generations end, nothing else does. */
export async function reconcile(context: HomeContext, node: NodeId): Promise<void> {
  const guests = await context.nodes.access(node).call('guest.list', {});
  for (const guest of guests) await settleGuest(context, node, guest);
  await settleKept(context, node);
  for (const job of context.homes.active()) {
    if (job.record.phase === 'starting' && job.record.start?.where === node) {
      // A start that broke off: what it left there is taken over, or it is started again.
      void context.homes.queue
        .run(job.record.job, () => launch(context, job))
        .catch((error: unknown) => context.log.error(error));
    } else {
      await settleJob(context, node, job, guests);
    }
  }
}

/** A link that comes up in the middle of a move says nothing for certain: its node is looked at again afterwards. */
function isUnsettled(job: HomeJob, node: NodeId): boolean {
  if (!job.moving && recoveryOf(job.journal.entries).kind === 'nothing') return false;
  job.unsettled.add(node);
  return true;
}

/** The job's move is over. */
export function settleAgain(context: HomeContext, job: HomeJob): void {
  const nodes = [...job.unsettled];
  job.unsettled.clear();
  for (const node of nodes) void reconcile(context, node).catch((error: unknown) => context.log.error(error));
}

async function settleGuest(context: HomeContext, node: NodeId, guest: GuestSummary): Promise<void> {
  const access = context.nodes.access(node);
  const job = context.homes.find(guest.job);
  if (guest.phase === 'damaged') {
    const reason =
      'its record there is damaged: whether it runs can not be told, so nothing is done about it';
    context.history.add({ event: 'damaged', job: guest.job, node, reason });
    return;
  }
  if (!job) {
    if (homeOf(guest.job) !== context.nodes.self || context.homes.store.damaged.has(guest.job)) return;
    const reason = `it is ${guest.phase} there, and nothing is known of it here: removed`;
    context.log.write(`node ${node}: job ${guest.job}: ${reason}`);
    context.history.add({ event: 'stale', job: guest.job, generation: guest.generation, node, reason });
    await access.call('guest.forget', { job: guest.job, generation: guest.generation, keepDir: false });
    return;
  }
  if (isOver(job.record)) {
    await access.call('guest.forget', { job: guest.job, generation: guest.generation, keepDir: false });
    return;
  }
  if (job.record.phase === 'starting' || isUnsettled(job, node)) return;
  const place = whereIs(job);
  const generation = place ? staleBelow(place, node, guest) : null;
  if (!place || generation === null) return;
  const reason = `node ${place.where} has it as generation ${place.generation}: what is ${guest.phase} here is ended`;
  context.log.write(`node ${node}: job ${guest.job}, generation ${guest.generation}: ${reason}`);
  context.history.add({ event: 'stale', job: guest.job, generation: guest.generation, node, reason });
  const keepDir = await keepsFolder(context, guest, place.where, node);
  await access.call('guest.discard', { job: guest.job, generation, keepDir });
}

/** The job's own node may be away for a moment. What stands still can wait for it; what runs is ended at once. */
async function keepsFolder(
  context: HomeContext,
  guest: GuestSummary,
  where: NodeId,
  node: NodeId,
): Promise<boolean> {
  const tries = guest.phase === 'running' ? 1 : folderTries;
  for (let attempt = 1; ; attempt++) {
    try {
      return await sharesFolder(context, guest.job, where, node);
    } catch (error) {
      if (attempt < tries) await new Promise((resolve) => setTimeout(resolve, folderRetryMs));
      else {
        context.log.write(
          `job ${guest.job}: its folder on node ${node} stays there, it may be that of node ${where}: ${messageOf(error)}`,
        );
        return true;
      }
    }
  }
}

/**
 * Does that node see the folder in which the job now works? Then it must not be removed with what is stale; and neither
 * where that can't be told.
 */
async function sharesFolder(context: HomeContext, job: JobId, where: NodeId, node: NodeId): Promise<boolean> {
  if (where === node) return false;
  const there = context.nodes.access(where);
  const { probe } = await there.call('folder.probe', { job });
  try {
    return (await context.nodes.access(node).call('folder.check', { probe })).same;
  } finally {
    await there.call('folder.unprobe', { probe }).catch(() => undefined);
  }
}

/** Images of jobs that are over, or of which nothing is known: their keeper was away when they were dropped. */
async function settleKept(context: HomeContext, node: NodeId): Promise<void> {
  const access = context.nodes.access(node);
  for (const job of await access.call('kept.list', {})) {
    const known = context.homes.find(job);
    if ((known && !isOver(known.record)) || context.homes.store.damaged.has(job)) continue;
    await access.call('kept.only', { job, sequences: [] });
  }
}

async function settleJob(
  context: HomeContext,
  node: NodeId,
  job: HomeJob,
  guests: readonly GuestSummary[],
): Promise<void> {
  if (job.record.phase !== 'running' || isUnsettled(job, node)) return;
  const place = whereIs(job);
  if (place?.where !== node) return;
  const guest = guests.find((candidate) => candidate.job === job.record.job);
  if (guest?.generation === place.generation) {
    // Also one that ran out there before its lease was over: that was its end.
    const isThere = guest.phase === 'running' || (guest.phase === 'ended' && guest.rebooted !== true);
    if (job.record.stranded && isThere) await takeBack(context, node, job);
    context.homes.follow(context, job);
    await deliverPending(context, job);
    return;
  }
  await context.homes.queue.run(job.record.job, () => loseIfGone(context, node, job));
}

/** It was believed lost, and its node is back with it before it was started elsewhere. */
function takeBack(context: HomeContext, node: NodeId, job: HomeJob): Promise<void> {
  return context.homes.queue.run(job.record.job, async () => {
    if (
      !job.record.stranded ||
      whereIs(job)?.where !== node ||
      recoveryOf(job.journal.entries).kind !== 'nothing'
    )
      return;
    const reason = `node ${node} is back, and has it`;
    context.history.add({ event: 'found', ...placeInHistory(job), reason });
    await context.homes.change(job, { stranded: null });
    await context.homes.notice(job, reason);
  });
}

/** The list may be older than a start or a move that ended meanwhile: nothing is given up without a second look. */
async function loseIfGone(context: HomeContext, node: NodeId, job: HomeJob): Promise<void> {
  const place = whereIs(job);
  if (job.record.phase !== 'running' || place?.where !== node) return;
  const guests = await context.nodes.access(node).call('guest.list', {});
  const holds = (guest: GuestSummary): boolean =>
    guest.job === job.record.job && (guest.generation === place.generation || guest.phase === 'damaged');
  if (guests.some(holds)) return;
  await nodeLost(context, job, `node ${node} no longer knows it`);
}
