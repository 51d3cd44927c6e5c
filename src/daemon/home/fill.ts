import type { Checkpoint } from '../../core/checkpoint.js';
import { messageOf, RefusedError } from '../../errors.js';
import { sendTree } from '../../jobs/staging/send-tree.js';
import { listTree } from '../../jobs/staging/list-tree.js';
import type { ImagePart } from '../../protocol/guest-messages.js';
import { newTicket } from '../channel-tickets.js';
import type { NodeAccess } from '../node-access.js';
import { openRelay } from './bulk.js';
import { loadCarried } from './carried.js';
import { isSameMac, macOf } from './checkpoint-store.js';
import { carryPlan } from './folder-plan.js';
import type { HomeContext } from './homes.js';
import type { HomeJob } from './job.js';
import { Refusal } from './move.js';
import { sendCarried } from './transfer.js';
import type { Manifest } from '../../jobs/staging/manifest.js';

const hourMs = 3_600_000;
const mostBytes = 1024 ** 4;

/** What the job goes on from: one of its images, or its beginning. */
export type Origin = { readonly kind: 'image'; readonly image: Checkpoint } | { readonly kind: 'start' };

/** The image is not what home had made: another one, or bytes that changed. */
export class DamagedImage extends Error {}

export interface Filled {
  readonly bytes: number;
  /** What home's folder was when what is in the job's was carried. */
  readonly carried: Manifest | null;
}

/** Brings everything that the job goes on from to the node. */
export async function fill(
  context: HomeContext,
  job: HomeJob,
  target: NodeAccess,
  generation: number,
  origin: Origin,
): Promise<Filled> {
  const ref = { job: job.record.job, generation };
  let bytes = 0;
  let carried: Manifest | null = null;
  if (origin.kind === 'image') {
    bytes += await replay(context, target, ref, origin.image, 'job');
    bytes += await replay(context, target, ref, origin.image, 'image');
    await cutBack(context, job, target, ref, origin.image);
    // Its folder is that of an earlier generation, and so is what home had carried.
    if (job.record.carried) {
      const dir = context.homes.store.dirOf(job.record.job);
      carried = await loadCarried(dir, job.journal.entries, origin.image.generation);
    }
  } else if (job.record.carried) {
    const plan = await carryPlan(context, job.record.spec);
    if (plan.kind === 'refused') throw new Refusal(plan.reason);
    await sendCarried(target, ref, job.record.spec.folder.cwd, plan);
    bytes += plan.bytes;
    carried = plan.manifest;
  }
  if (job.record.spec.stdin === 'stream') await sendInput(job, target, ref);
  return { bytes, carried };
}

/** An image has no copy of a folder that is used in place; what the job had open there goes back with it. */
async function cutBack(
  context: HomeContext,
  job: HomeJob,
  target: NodeAccess,
  ref: { readonly job: string; readonly generation: number },
  { inPlace = [] }: Checkpoint,
): Promise<void> {
  if (inPlace.length === 0) return;
  const { said } = await target.call('guest.cutBack', { ...ref, files: inPlace }, { timeoutMs: hourMs });
  for (const line of said) await context.homes.notice(job, line);
}

/** One part of an image from its keeper to the node. Home takes its MAC on the way, and is asked before anything runs. */
async function replay(
  context: HomeContext,
  target: NodeAccess,
  ref: { readonly job: string; readonly generation: number },
  image: Checkpoint,
  part: ImagePart,
): Promise<number> {
  const mac = macOf(context.imageKey, image, part);
  const keeper = context.nodes.access(image.keeper);
  const relay = await openRelay(keeper, target, mac.take);
  const { sequence } = image;
  try {
    const [sent, received] = await Promise.allSettled([
      keeper.call(
        'kept.get',
        { job: ref.job, sequence, part, ticket: relay.sourceTicket },
        { timeoutMs: hourMs },
      ),
      target.call(
        'files.receive',
        { ...ref, part, ticket: relay.targetTicket, limitBytes: mostBytes },
        { timeoutMs: hourMs },
      ),
    ]);
    if (sent.status === 'rejected') {
      if (sent.reason instanceof RefusedError) throw new DamagedImage(messageOf(sent.reason));
      throw sent.reason as Error;
    }
    // A node that gave up in the middle says nothing about the image.
    if (received.status === 'rejected' && relay.bytes() < sent.value.bytes) throw received.reason as Error;
    if (!isSameMac(mac.hex(), image.macs[part])) {
      const reason = `image ${sequence} (${part}), kept by node ${image.keeper}, is not what was put there`;
      context.history.add({ event: 'damaged', job: ref.job, node: image.keeper, reason });
      throw new DamagedImage(reason);
    }
    if (received.status === 'rejected') throw received.reason as Error;
    return relay.bytes();
  } finally {
    relay.destroy();
  }
}

/** All input that the job has had so far: home keeps it for jobs that may have to read it again. */
async function sendInput(
  job: HomeJob,
  target: NodeAccess,
  ref: { readonly job: string; readonly generation: number },
): Promise<void> {
  const root = job.io.dir;
  const listing = await listTree(root, { limitEntries: 10_000 });
  const entries =
    listing.kind === 'too-large' ? [] : listing.manifest.entries.filter(({ path }) => path === 'stdin.data');
  if (entries.length === 0) return;
  const ticket = newTicket();
  const channel = await target.open({ open: 'bulk', ticket });
  channel.on('error', () => undefined);
  const received = target.call(
    'files.receive',
    { ...ref, part: 'job', ticket, limitBytes: mostBytes },
    { timeoutMs: hourMs },
  );
  received.catch(() => channel.destroy());
  const sending = sendTree({ root, entries, frozen: true, out: channel }).then(() => channel.end());
  sending.catch(() => channel.destroy());
  await Promise.all([received, sending]).finally(() => channel.destroy());
}
