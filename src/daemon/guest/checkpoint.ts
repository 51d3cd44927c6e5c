import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MoskitError, RefusedError } from '../../errors.js';
import { driverNamed } from '../../jobs/choose-driver.js';
import type { DriverJob } from '../../jobs/driver.js';
import { cutBack, writtenInPlace } from '../../jobs/files-in-place.js';
import { stopTree } from '../../jobs/process-tree.js';
import { copyTree } from '../../jobs/staging/copy-tree.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import type {
  CheckpointAnswer,
  CheckpointParams,
  GuestMethods,
  JobRef,
} from '../../protocol/guest-messages.js';
import { reach } from '../fault-point.js';
import { mappedFiles } from './files.js';
import { checkpointDirOf, guestKey, snapshotDirOf, type GuestRecord } from './record.js';
import { driverJobOf, processOf, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

/**
 * An image of a running job: its folder is copied while it runs, then it stands still for the dump and for what changed
 * since, and goes on. Whatever fails, it goes on.
 */
export async function checkpoint(
  context: GuestContext,
  home: HomeIdentity,
  params: CheckpointParams,
): Promise<CheckpointAnswer> {
  const record = runningAs(context.guests.get(params.job, home.cluster), params);
  const { dir } = record.folder;
  const snapshot = snapshotDirOf(record);
  const { skipBefore } = params;
  const before = await copyTree(dir, snapshot, { skipBefore, frozen: false });
  await reach('checkpoint copied');
  return context.guests.queue.run(guestKey(params.job, home.cluster), async () => {
    const found = context.guests.get(params.job, home.cluster);
    if (found.phase === 'ended') return { kind: 'ended' };
    // A driver must not take our standstill for the user's.
    const now = await context.output.release(runningAs(found, params));
    const imaging = { sequence: params.sequence, driver: params.driver };
    await removeTree(checkpointDirOf(now, params.sequence));
    await mkdir(checkpointDirOf(now, params.sequence), { mode: 0o700 });
    const startMs = performance.now();
    await context.guests.change(now, { phase: 'freezing', imaging });
    await reach('checkpoint marked');
    try {
      const frozen = await driverNamed(params.driver).freeze(imagedJob(now, imaging), null);
      if (frozen.kind === 'ended') {
        await context.guests.change(now, { phase: 'running', imaging: null });
        await context.guests.ended(now, frozen.exit);
        return { kind: 'ended' };
      }
      await reach('checkpoint made');
      const always = await mappedFiles(now, dir);
      await copyTree(dir, snapshot, { before, always, skipBefore, frozen: true });
      const output = { stdout: await sizeOf(dir, 'stdout'), stderr: await sizeOf(dir, 'stderr') };
      const inPlace = now.carried ? [] : await writtenInPlace(processOf(now), now.folder.cwd);
      await goOn(context, now);
      return { kind: 'imaged', frozenMs: performance.now() - startMs, output, inPlace };
    } catch (error) {
      await goOn(context, now);
      await removeTree(checkpointDirOf(now, params.sequence));
      throw error;
    }
  });
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
  if (record.userStopped) await stopTree(process);
}

/** A mosd that was killed in the middle of an image has left the job stopped: nobody else would let it go on. */
export async function continueImaged(context: GuestContext): Promise<void> {
  for (const record of context.guests.all()) {
    if (!record.imaging) continue;
    const reason = 'its image was not finished';
    await context.guests.queue
      .run(guestKey(record.job, record.cluster), async () => {
        await goOn(context, record);
        await removeTree(checkpointDirOf(record, record.imaging?.sequence ?? 0));
        context.history.add({ event: 'continued', job: record.job, generation: record.generation, reason });
      })
      .catch((error: unknown) => context.log.error(error));
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
