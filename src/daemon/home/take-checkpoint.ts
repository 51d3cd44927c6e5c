import { imagesToKeep, type Checkpoint } from '../../core/checkpoint.js';
import type { NodeId } from '../../core/ids.js';
import { protectionOf } from '../../core/job-spec.js';
import { MoskitError, messageOf } from '../../errors.js';
import { emptyManifest, packManifest } from '../../jobs/staging/manifest.js';
import type { ImagePart, ProbedDriver } from '../../protocol/guest-messages.js';
import { reach } from '../fault-point.js';
import type { NodeAccess } from '../node-access.js';
import { openRelay, type Relay } from './bulk.js';
import { forgetCheckpoint, loadCheckpoints, macOf, saveCheckpoint } from './checkpoint-store.js';
import type { HomeContext } from './homes.js';
import { isOver, placeInHistory, whereIs, type HomeJob } from './job.js';

const dumpMs = 30 * 60_000;
const hourMs = 3_600_000;
const mostBytes = 1024 ** 4;

/** What the node has made, still there. */
interface Shot {
  readonly image: Omit<Checkpoint, 'keeper' | 'bytes' | 'macs'>;
  readonly source: NodeAccess;
  readonly skipBefore: Readonly<Record<string, number>>;
}

/**
 * One image of a running job: its node makes it, the keeper gets it, home writes it down, older ones go. Null when the
 * job ended meanwhile; throws the reason when there is none now.
 */
export async function takeCheckpoint(context: HomeContext, job: HomeJob): Promise<Checkpoint | null> {
  const dir = context.homes.store.dirOf(job.record.job);
  const known = await loadCheckpoints(dir);
  const sequence = Math.max(0, ...known.map((image) => image.sequence), ...job.care.damagedImages) + 1;
  const shot = await context.homes.queue.run(job.record.job, () => shoot(context, job, sequence));
  if (!shot) return null;
  const keeper = keeperFor(context, job, shot.source.node);
  let told: readonly NodeId[] = [keeper];
  try {
    const folder = await bring(context, shot, 'job', keeper);
    const memory = await bring(context, shot, 'image', keeper);
    await reach('home has image');
    const checkpoint: Checkpoint = {
      ...shot.image,
      keeper,
      bytes: folder.bytes + memory.bytes,
      macs: { job: folder.mac, image: memory.mac },
    };
    const all = await note(context, job, checkpoint);
    if (!all) return null;
    told = all.map((image) => image.keeper);
    const { bytes, frozenMs } = checkpoint;
    const reason = `image ${sequence}: ${checkpoint.driver}, ${bytes} bytes, stood still ${Math.round(frozenMs)} ms, kept by node ${keeper}`;
    context.history.add({ event: 'imaged', ...placeInHistory(job), reason });
    return checkpoint;
  } finally {
    await tellKeepers(context, job, told);
    await shot.source
      .call('guest.checkpointed', { job: job.record.job, sequence })
      .catch((error: unknown) => context.log.write(`job ${job.record.job}: ${messageOf(error)}`));
  }
}

/** Home, or the node that was asked for; but not the one whose loss the image is for. */
function keeperFor({ nodes }: HomeContext, job: HomeJob, where: NodeId): NodeId {
  const { keeper } = protectionOf(job.record.spec);
  return keeper !== null && keeper !== where && nodes.has(keeper) ? keeper : nodes.self;
}

async function shoot(context: HomeContext, job: HomeJob, sequence: number): Promise<Shot | null> {
  const place = whereIs(job);
  if (!place || job.record.phase !== 'running' || job.record.stranded) return null;
  // In its image it would stand still for ever, and nothing changes until it goes on.
  if (job.record.userStopped) return null;
  const source = context.nodes.access(place.where);
  const { driver, requirements } = await driverFor(job, source);
  const { stdout, stderr } = await job.io.settle();
  const skipBefore = { stdout, stderr };
  const ref = { job: job.record.job, generation: place.generation };
  const atMs = Date.now();
  const answer = await source.call(
    'guest.checkpoint',
    { ...ref, sequence, driver, skipBefore },
    { timeoutMs: dumpMs },
  );
  if (answer.kind === 'ended') return null;
  const { frozenMs, output, inPlace } = answer;
  const image = { ...ref, sequence, driver, atMs, frozenMs, output, inPlace, requirements };
  return { image, source, skipBefore };
}

/** The first driver that can make an image; one that starts again from the beginning needs none. */
async function driverFor(job: HomeJob, source: NodeAccess): Promise<ProbedDriver> {
  const { drivers } = await source.call('guest.probe', { job: job.record.job }, { timeoutMs: 60_000 });
  job.mobility = { probedMs: performance.now(), drivers };
  const savers = drivers.filter(({ driver }) => driver !== 'restart');
  const able = savers.find(({ reasons }) => reasons.length === 0);
  if (able) return able;
  const reasons = savers.flatMap(({ driver, reasons }) => reasons.map((reason) => `${driver}: ${reason}`));
  throw new MoskitError(`no image can be made of it: ${reasons.join('; ') || 'it may only start again'}`);
}

/** One part of the image from its node to the keeper, through home, which takes the MAC of it. */
async function bring(
  context: HomeContext,
  { image, source, skipBefore }: Shot,
  part: ImagePart,
  keeper: number,
): Promise<{ readonly bytes: number; readonly mac: string }> {
  const mac = macOf(context.imageKey, image, part);
  const target = context.nodes.access(keeper);
  const relay = await openRelay(source, target, mac.take);
  const { job, sequence } = image;
  try {
    // Both ends are waited for: what one of them still writes can't be cleared away.
    const [sent, kept] = await Promise.allSettled([
      endingWith(
        relay,
        source.call(
          'files.send',
          {
            job,
            part: part === 'job' ? 'snapshot' : 'checkpoint',
            generation: sequence,
            known: packManifest(emptyManifest()),
            only: null,
            ticket: relay.sourceTicket,
            skipBefore: part === 'job' ? skipBefore : {},
          },
          { timeoutMs: hourMs },
        ),
      ),
      endingWith(
        relay,
        target.call(
          'kept.put',
          { job, sequence, part, ticket: relay.targetTicket, limitBytes: mostBytes },
          { timeoutMs: hourMs },
        ),
      ),
    ]);
    if (sent.status === 'rejected' && kept.status === 'rejected')
      throw new MoskitError(`${messageOf(sent.reason)}; node ${keeper}: ${messageOf(kept.reason)}`);
    if (sent.status === 'rejected') throw sent.reason as Error;
    if (kept.status === 'rejected') throw kept.reason as Error;
    const { bytes } = kept.value;
    if (bytes !== relay.bytes())
      throw new MoskitError(`node ${keeper} has ${bytes} of ${relay.bytes()} bytes of the image`);
    return { bytes, mac: mac.hex() };
  } finally {
    relay.destroy();
  }
}

/** When one end gives up, the other must not wait for it. */
function endingWith<T>(relay: Relay, call: Promise<T>): Promise<T> {
  call.catch(() => relay.destroy());
  return call;
}

/** Written down, if the job is still what it shows; the third oldest is forgotten. Null: it has ended. */
function note(
  context: HomeContext,
  job: HomeJob,
  checkpoint: Checkpoint,
): Promise<readonly Checkpoint[] | null> {
  return context.homes.queue.run(job.record.job, async () => {
    if (job.record.phase !== 'running') return null;
    // What runs now may have gone on from an older image: then this one shows what never came to be.
    if (whereIs(job)?.generation !== checkpoint.generation)
      throw new MoskitError('it moved while its image was on the way');
    const dir = context.homes.store.dirOf(job.record.job);
    await saveCheckpoint(dir, checkpoint);
    await reach('home noted image');
    const all = [checkpoint, ...job.images];
    const whole = all.filter(({ sequence }) => !job.care.damagedImages.has(sequence));
    const wanted = imagesToKeep(whole.map(({ sequence }) => sequence));
    job.images = all.filter(({ sequence }) => wanted.includes(sequence));
    for (const { sequence } of all) if (!wanted.includes(sequence)) await forgetCheckpoint(dir, sequence);
    return all;
  });
}

/** Every keeper hears which of its own stay. */
async function tellKeepers(context: HomeContext, job: HomeJob, keepers: Iterable<NodeId>): Promise<void> {
  const id = job.record.job;
  for (const keeper of new Set(keepers)) {
    if (!context.nodes.has(keeper)) continue;
    const kept = isOver(job.record) ? [] : job.images.filter((image) => image.keeper === keeper);
    await context.nodes
      .access(keeper)
      .call('kept.only', { job: id, sequences: kept.map(({ sequence }) => sequence) })
      .catch((error: unknown) =>
        context.log.write(`job ${id}: old images on node ${keeper}: ${messageOf(error)}`),
      );
  }
}

/** The job is over: nobody will want its images. A keeper that is away hears of it at its next link-up. */
export async function dropImages(context: HomeContext, job: HomeJob): Promise<void> {
  const { checkpointMs, keeper } = protectionOf(job.record.spec);
  const asked = checkpointMs === null ? [] : [context.nodes.self, keeper ?? context.nodes.self];
  const keepers = [...job.images.map((image) => image.keeper), ...asked];
  const dir = context.homes.store.dirOf(job.record.job);
  for (const { sequence } of job.images) await forgetCheckpoint(dir, sequence);
  job.images = [];
  await tellKeepers(context, job, keepers);
}
