import { imagesToKeep, type Checkpoint } from '../../core/checkpoint.js';
import type { NodeId } from '../../core/ids.js';
import { protectionOf } from '../../core/job-spec.js';
import { MoskitError, messageOf } from '../../errors.js';
import { emptyManifest, packManifest } from '../../jobs/staging/manifest.js';
import type { ImagePart, ProbedDriver } from '../../protocol/guest-messages.js';
import { reach } from '../fault-point.js';
import type { NodeAccess } from '../node-access.js';
import { openRelay } from './bulk.js';
import { forgetCheckpoint, loadCheckpoints, macOf, saveCheckpoint } from './checkpoint-store.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';

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
  const sequence = (known[0]?.sequence ?? 0) + 1;
  const shot = await context.homes.queue.run(job.record.job, () => shoot(context, job, sequence));
  if (!shot) return null;
  const keeper = keeperFor(context, job, shot.source.node);
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
    await saveCheckpoint(dir, checkpoint);
    await reach('home noted image');
    job.images = await rotate(context, job, [checkpoint, ...known]);
    const { bytes, frozenMs } = checkpoint;
    const reason = `image ${sequence}: ${checkpoint.driver}, ${bytes} bytes, stood still ${Math.round(frozenMs)} ms, kept by node ${keeper}`;
    context.history.add({ event: 'imaged', ...placeInHistory(job), reason });
    return checkpoint;
  } finally {
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
  job.mobility = { atMs: Date.now(), drivers };
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
    const [, kept] = await Promise.all([
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
      target.call(
        'kept.put',
        { job, sequence, part, ticket: relay.targetTicket, limitBytes: mostBytes },
        { timeoutMs: hourMs },
      ),
    ]);
    if (kept.bytes !== relay.bytes())
      throw new MoskitError(`node ${keeper} has ${kept.bytes} of ${relay.bytes()} bytes of the image`);
    return { bytes: kept.bytes, mac: mac.hex() };
  } finally {
    relay.destroy();
  }
}

/** Two stay; every keeper hears which of its own. */
async function rotate(
  context: HomeContext,
  job: HomeJob,
  all: readonly Checkpoint[],
): Promise<readonly Checkpoint[]> {
  const id = job.record.job;
  const wanted = imagesToKeep(all.map(({ sequence }) => sequence));
  const kept = all.filter(({ sequence }) => wanted.includes(sequence));
  for (const { sequence } of all)
    if (!wanted.includes(sequence)) await forgetCheckpoint(context.homes.store.dirOf(id), sequence);
  for (const keeper of new Set(all.map((image) => image.keeper))) {
    const sequences = kept.filter((image) => image.keeper === keeper).map(({ sequence }) => sequence);
    await context.nodes
      .access(keeper)
      .call('kept.only', { job: id, sequences })
      .catch((error: unknown) =>
        context.log.write(`job ${id}: old images on node ${keeper}: ${messageOf(error)}`),
      );
  }
  return kept;
}

/** The job is over: nobody will want its images. A keeper that is away hears of it at its next link-up. */
export async function dropImages(context: HomeContext, job: HomeJob): Promise<void> {
  const keepers = new Set(job.images.map(({ keeper }) => keeper));
  for (const keeper of keepers)
    await context.nodes
      .access(keeper)
      .call('kept.only', { job: job.record.job, sequences: [] })
      .catch(() => undefined);
}
