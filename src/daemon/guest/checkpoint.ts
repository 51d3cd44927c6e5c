import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, messageOf, MoskitError, RefusedError } from '../../errors.js';
import { driverNamed } from '../../jobs/choose-driver.js';
import type { DriverJob } from '../../jobs/driver.js';
import { cutBack, writtenInPlace } from '../../jobs/files-in-place.js';
import { stopTree } from '../../jobs/process-tree.js';
import { copyTree, type CopyOptions } from '../../jobs/staging/copy-tree.js';
import type { Manifest } from '../../jobs/staging/manifest.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import type {
  CheckpointAnswer,
  CheckpointParams,
  GuestMethods,
  JobRef,
} from '../../protocol/guest-messages.js';
import { reach } from '../fault-point.js';
import { mappedFiles } from './files.js';
import { isLapsed, requireLease } from './lease.js';
import { checkpointDirOf, guestKey, snapshotDirOf, type GuestRecord } from './record.js';
import { driverJobOf, isOfEarlierBoot, processOf, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

const retryMs = 2_000;

/**
 * An image of a running job: its folder is copied while it runs, then it stands still for the dump and for what changed
 * since, and goes on. Whatever fails, it goes on. One at a time: two would write the same copy.
 */
export function checkpoint(
  context: GuestContext,
  home: HomeIdentity,
  params: CheckpointParams,
): Promise<CheckpointAnswer> {
  const key = guestKey(params.job, home.cluster);
  return context.guests.queue.run(`${key} image`, async () => {
    const record = runningAs(context.guests.get(params.job, home.cluster), params);
    try {
      const before = await copyFolder(record, { skipBefore: params.skipBefore, frozen: false });
      await reach('checkpoint copied');
      return await context.guests.queue.run(key, () => standStill(context, home, params, before));
    } catch (error) {
      // A node that has no room for the copy needs it for the job; and what has left has no use for it.
      const now = context.guests.find(params.job, home.cluster);
      if (isDiskFull(error) || now?.generation !== params.generation)
        await removeTree(snapshotDirOf(record)).catch((trouble: unknown) => context.log.error(trouble));
      throw error;
    }
  });
}

function copyFolder(record: GuestRecord, options: CopyOptions): ReturnType<typeof copyTree> {
  return copyTree(record.folder.dir, snapshotDirOf(record), options);
}

function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? '')) return true;
  return false;
}

async function standStill(
  context: GuestContext,
  home: HomeIdentity,
  params: CheckpointParams,
  before: Manifest,
): Promise<CheckpointAnswer> {
  const found = context.guests.get(params.job, home.cluster);
  if (found.phase === 'ended') return { kind: 'ended' };
  // In its image it would stand still for ever.
  await requireLease(context, found);
  // A driver must not take our standstill for the user's.
  const now = await context.output.release(runningAs(found, params));
  const { dir } = now.folder;
  const { skipBefore, sequence, driver } = params;
  await context.guests.removeCheckpoints(now); // home has had them, or has given them up
  await mkdir(checkpointDirOf(now, sequence), { mode: 0o700 });
  const startMs = performance.now();
  const imaging = { sequence, driver };
  await context.guests.change(now, { phase: 'freezing', imaging });
  await reach('checkpoint marked');
  try {
    const frozen = await driverNamed(driver).freeze(imagedJob(now, imaging), null);
    if (frozen.kind === 'ended') {
      await context.guests.change(now, { phase: 'running', imaging: null });
      await context.guests.ended(now, frozen.exit);
      return { kind: 'ended' };
    }
    await reach('checkpoint made');
    const always = await mappedFiles(now, dir);
    await copyFolder(now, { before, always, skipBefore, frozen: true });
    const output = { stdout: await sizeOf(dir, 'stdout'), stderr: await sizeOf(dir, 'stderr') };
    const inPlace = now.carried ? [] : await writtenInPlace(processOf(now), now.folder.cwd);
    await goOn(context, now);
    return { kind: 'imaged', frozenMs: performance.now() - startMs, output, inPlace };
  } catch (error) {
    // Room first: what lets it go on may need some.
    if (isDiskFull(error)) await removeTree(snapshotDirOf(now)).catch(() => undefined);
    await giveUpImage(context, now).catch((trouble: unknown) => goOnLater(context, now, trouble));
    throw error;
  }
}

function runningAs(record: GuestRecord, { generation }: CheckpointParams): GuestRecord {
  if (record.generation !== generation)
    throw new RefusedError(`job ${record.job} is generation ${record.generation} here, not ${generation}`);
  if (record.phase !== 'running' && record.phase !== 'ended')
    throw new MoskitError(`job ${record.job} is ${record.phase} here`);
  return record;
}

function imagedJob(record: GuestRecord, { sequence }: { readonly sequence: number }): DriverJob {
  return { ...driverJobOf(record, 0), imageDir: checkpointDirOf(record, sequence) };
}

async function sizeOf(dir: string, name: string): Promise<number> {
  return (await stat(join(dir, name))).size;
}

/** Undoes the freeze of an image: the job runs, or stands still because its user wants that. */
async function goOn(context: GuestContext, { job, cluster }: GuestRecord): Promise<void> {
  const record = context.guests.get(job, cluster);
  if (!record.imaging || (record.phase !== 'freezing' && record.phase !== 'frozen')) return;
  const process = await driverNamed(record.imaging.driver).thaw({
    ...imagedJob(record, record.imaging),
    onIdentified: context.guests.onIdentified(record),
  });
  await context.guests.change(record, { phase: 'running', process, imaging: null });
  if (record.userStopped || (await isLapsed(context, record))) await stopTree(process);
}

/** The image last: in it is noted what stood still before. */
async function giveUpImage(context: GuestContext, record: GuestRecord): Promise<void> {
  await goOn(context, record);
  await context.guests.removeCheckpoints(record);
}

/** Nobody else lets it go on: that is tried until it works. */
function goOnLater(context: GuestContext, record: GuestRecord, trouble: unknown): void {
  context.log.write(`job ${record.job} stands still after an image: ${messageOf(trouble)}`);
  const key = guestKey(record.job, record.cluster);
  setTimeout(() => {
    void context.guests.queue
      .run(key, async () => {
        if (context.guests.find(record.job, record.cluster)) await giveUpImage(context, record);
      })
      .catch((error: unknown) => goOnLater(context, record, error));
  }, retryMs).unref();
}

/** A mosd that was killed in the middle of an image has left the job stopped: nobody else would let it go on. */
export async function continueImaged(context: GuestContext): Promise<void> {
  for (const record of context.guests.all()) {
    if (!record.imaging) continue;
    const reason = 'its image was not finished';
    await context.guests.queue
      .run(guestKey(record.job, record.cluster), async () => {
        // After a new start of the machine there is nothing to wake; what is left is for the watch to tell.
        if (isOfEarlierBoot(record)) await context.guests.change(record, { phase: 'running', imaging: null });
        await giveUpImage(context, record);
        context.history.add({ event: 'continued', job: record.job, generation: record.generation, reason });
      })
      .catch((error: unknown) => goOnLater(context, record, error));
  }
}

/** Before a restore: the job will write again what it wrote after the image. */
export async function cutFilesBack(
  context: GuestContext,
  home: HomeIdentity,
  params: GuestMethods['guest.cutBack'][0],
): Promise<{ readonly said: readonly string[] }> {
  const record = context.guests.get(params.job, home.cluster);
  if (record.phase !== 'prepared' || record.generation !== params.generation || record.carried)
    throw new RefusedError(`job ${params.job} is ${record.phase} here: no files are cut back`);
  return { said: await cutBack(params.files, record.folder.cwd, params.job) };
}

/** Home has the image, or gives it up; the snapshot stays for the next one. */
export async function dropCheckpoint(
  context: GuestContext,
  home: HomeIdentity,
  { job, sequence }: JobRef & { readonly sequence: number },
): Promise<Record<string, never>> {
  const record = context.guests.find(job, home.cluster);
  if (record) await rm(checkpointDirOf(record, sequence), { recursive: true, force: true });
  return {};
}
