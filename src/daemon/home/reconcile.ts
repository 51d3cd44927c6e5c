import { homeOf, type NodeId } from '../../core/ids.js';
import { recoveryOf } from '../../core/relocation.js';
import type { GuestSummary } from '../../protocol/guest-messages.js';
import type { HomeContext } from './homes.js';
import { isOver, whereIs, type HomeJob } from './job.js';
import { deliverPending } from './signals.js';

/** A node's link came up: what it holds is compared with what home knows. Stale generations end, nothing else does. */
export async function reconcile(context: HomeContext, node: NodeId): Promise<void> {
  const guests = await context.nodes.access(node).call('guest.list', {});
  for (const guest of guests) await settleGuest(context, node, guest);
  for (const job of context.homes.active()) await settleJob(context, node, job, guests);
}

async function settleGuest(context: HomeContext, node: NodeId, guest: GuestSummary): Promise<void> {
  const access = context.nodes.access(node);
  const job = context.homes.find(guest.job);
  if (!job) {
    if (homeOf(guest.job) !== context.nodes.self) return;
    context.log.write(
      `node ${node} holds job ${guest.job} (${guest.phase}), of which nothing is known here: removed`,
    );
    await access.call('guest.forget', { job: guest.job, keepDir: false });
    return;
  }
  if (job.moving || job.record.phase === 'starting' || recoveryOf(job.journal.entries).kind !== 'nothing')
    return;
  const place = whereIs(job);
  if (!place || (place.where === node && place.generation === guest.generation)) return;
  context.log.write(
    `node ${node} holds generation ${guest.generation} of job ${guest.job}, now ${place.generation}: ended`,
  );
  const generation = Math.max(place.generation, guest.generation);
  await access.call('guest.discard', { job: guest.job, generation, keepDir: false });
}

async function settleJob(
  context: HomeContext,
  node: NodeId,
  job: HomeJob,
  guests: readonly GuestSummary[],
): Promise<void> {
  if (job.moving || job.record.phase !== 'running' || recoveryOf(job.journal.entries).kind !== 'nothing')
    return;
  const place = whereIs(job);
  if (place?.where !== node) return;
  const guest = guests.find((candidate) => candidate.job === job.record.job);
  if (guest?.generation === place.generation) {
    context.homes.follow(context, job);
    await deliverPending(context, job);
    return;
  }
  await lose(context, job, `node ${node} no longer knows it`);
}

/** The job is gone and nobody can tell how it ended. */
export async function lose(context: HomeContext, job: HomeJob, reason: string): Promise<void> {
  if (isOver(job.record)) return;
  context.log.write(`job ${job.record.job} is lost: ${reason}`);
  const exit = { kind: 'unknown', reason } as const;
  await context.homes.change(job, { phase: 'lost', exit, endedAtMs: Date.now() });
  await job.io.close();
  job.settleOver({ exit, messages: '' });
}
