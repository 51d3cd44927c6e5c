import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeError } from '../disk-error.js';
import { isProcessAlive, ownIdentity } from './process-identity.js';

export interface AtomicWriteOptions {
  /** Wait until the bytes and the name are on the disk; else they are only sure to survive the end of this process. */
  readonly durable: boolean;
  readonly mode?: number;
}

/** Younger ones may belong to a process that we can't see, in another PID namespace. */
const staleTempMs = 60_000;
let sequence = 0;

/**
 * Replaces the file as a whole: whoever reads it sees the old or the new text, and nothing in between, whatever happens.
 * A durable write has happened when the promise resolves, also if the machine then loses power.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  { durable, mode = 0o600 }: AtomicWriteOptions,
): Promise<void> {
  const temp = tempName(path);
  try {
    await writeTemp(temp, data, mode, durable); // 1. all bytes under another name in the same folder,
    await rename(temp, path); //                   2. which takes the old file's place at once,
    if (durable) await syncFolder(dirname(path)); // 3. and so does the name on the disk.
  } catch (error) {
    await unlink(temp).catch(() => undefined);
    throw writeError(`cannot write ${path}`, path, error);
  }
}

async function writeTemp(
  temp: string,
  data: string | Uint8Array,
  mode: number,
  durable: boolean,
): Promise<void> {
  const file = await open(temp, 'wx', mode);
  try {
    await file.writeFile(data);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes new, renamed and removed names of a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A name beside `path` that nobody else uses, with the owner in it so that leftovers can be told. */
export function tempName(path: string): string {
  const { pid, startTicks } = ownIdentity();
  sequence += 1;
  return join(dirname(path), `.${basename(path)}.${pid}-${startTicks}-${sequence}.tmp`);
}

/** Removes what writers that were killed left beside `path`. A folder that is missing has none. */
export async function removeStaleTemps(path: string, nowMs: number = Date.now()): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const owner = /^(\d+)-(\d+)-\d+\.tmp$/.exec(name.slice(prefix.length));
    if (!owner) continue;
    const { bootId } = ownIdentity();
    if (isProcessAlive({ pid: Number(owner[1]), startTicks: Number(owner[2]), bootId })) continue;
    const temp = join(folder, name);
    const stats = await stat(temp).catch(() => null);
    if (stats && nowMs - stats.mtimeMs > staleTempMs) await unlink(temp).catch(() => undefined);
  }
}
