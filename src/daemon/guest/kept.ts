import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isJobId, type JobId } from '../../core/ids.js';
import { diskTrouble, writeError } from '../../disk-error.js';
import { errnoOf, MoskitError, RefusedError } from '../../errors.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import type { GuestMethods, JobRef, KeptRef } from '../../protocol/guest-messages.js';
import { syncFolder } from '../../state/atomic-file.js';
import { guestKey } from './record.js';
import type { HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

/**
 * Images that this node keeps for homes: plain files of bytes, KEPT/JOB/SEQUENCE.PART. What is in them is home's
 * business: home alone can tell whether they are what they should be (its MAC).
 */
function dirOf(context: GuestContext, home: HomeIdentity, job: JobId): string {
  return join(context.keptDir, guestKey(job, home.cluster));
}

function fileOf(context: GuestContext, home: HomeIdentity, { job, sequence, part }: KeptRef): string {
  return join(dirOf(context, home, job), `${sequence}.${part}`);
}

/** Answers when the bytes and the name are on the disk. */
export async function putKept(
  context: GuestContext,
  home: HomeIdentity,
  params: GuestMethods['kept.put'][0],
): Promise<{ readonly bytes: number }> {
  const channel = await context.tickets.take(params.ticket);
  const path = fileOf(context, home, params);
  const part = `${path}.part`;
  try {
    await makeDurable(context.keptDir);
    await makeDurable(dirname(path));
    const counted = limited(params.limitBytes);
    await pipeline(channel, counted.stream, createWriteStream(part, { mode: 0o600 }));
    await durable(part);
    await rename(part, path);
    await syncFolder(dirname(path));
    return { bytes: counted.bytes() };
  } catch (error) {
    await rm(part, { force: true });
    if (diskTrouble(error) === null) throw error;
    throw writeError(`cannot keep the image ${path}`, path, error, 'the next image is tried again by itself');
  } finally {
    channel.destroy();
  }
}

function limited(limitBytes: number): { readonly stream: Transform; bytes(): number } {
  let bytes = 0;
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes > limitBytes) done(new MoskitError(`the image is larger than ${limitBytes} bytes`));
      else done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
}

/** A folder whose own name is on the disk too. */
async function makeDurable(dir: string): Promise<void> {
  const made = await mkdir(dir, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(dir));
}

async function durable(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function getKept(
  context: GuestContext,
  home: HomeIdentity,
  params: GuestMethods['kept.get'][0],
): Promise<{ readonly bytes: number }> {
  const channel = await context.tickets.take(params.ticket);
  try {
    const path = fileOf(context, home, params);
    const { size } = await lstat(path).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new RefusedError(`this node keeps no image ${params.sequence} of job ${params.job}`);
    });
    await pipeline(createReadStream(path), channel, { end: true });
    channel.resume();
    return { bytes: size };
  } catch (error) {
    channel.destroy();
    throw error;
  }
}

export async function keepOnly(
  context: GuestContext,
  home: HomeIdentity,
  { job, sequences }: JobRef & { readonly sequences: readonly number[] },
): Promise<Record<string, never>> {
  const dir = dirOf(context, home, job);
  if (sequences.length === 0) {
    await removeTree(dir);
    return {};
  }
  for (const name of await readdir(dir).catch(() => [])) {
    if (!sequences.includes(Number(name.split('.')[0]))) await rm(join(dir, name), { force: true });
  }
  return {};
}

export async function listKept(context: GuestContext, home: HomeIdentity): Promise<readonly JobId[]> {
  const names = await readdir(context.keptDir).catch(() => []);
  return names.flatMap((name) => {
    const job = name.split('.')[0] ?? '';
    return isJobId(job) && name === guestKey(job, home.cluster) ? [job] : [];
  });
}
