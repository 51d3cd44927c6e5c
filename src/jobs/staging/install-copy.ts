import { constants } from 'node:fs';
import { copyFile, link, open, rename, symlink, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { bytesOfPath } from './byte-path.js';
import { secondsOf } from './file-times.js';
import type { Entry } from './manifest.js';

const compareBytes = 256 * 1024;
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Puts a copy of `from` at `to`, at once and complete or not at all; `part` is its name until then. */
export async function installCopy(entry: Entry, from: Buffer, part: Buffer, to: Buffer): Promise<void> {
  await unlink(part).catch(() => undefined); // from an attempt that was killed
  try {
    if (entry.type === 'symlink') await symlink(bytesOfPath(entry.linkTarget ?? ''), part);
    else await linkOrCopy(entry, from, part);
    await rename(part, to);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
}

/** A link costs nothing; a disk of its own for the home folder, or one without links, needs a copy. */
async function linkOrCopy(entry: Entry, from: Buffer, part: Buffer): Promise<void> {
  try {
    await link(from, part);
  } catch {
    await copyFile(from, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await utimes(part, new Date(), secondsOf(entry.mtimeNs));
  }
}

/** Compares two files byte by byte. */
export async function hasSameContent(one: Buffer, other: Buffer): Promise<boolean> {
  const first = await open(one, readFlags);
  try {
    const second = await open(other, readFlags);
    try {
      return await isSameFile(first, second);
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
  }
}

async function isSameFile(first: FileHandle, second: FileHandle): Promise<boolean> {
  const [one, other] = [await first.stat(), await second.stat()];
  if (!one.isFile() || !other.isFile() || one.size !== other.size) return false;
  if (one.ino === other.ino && one.dev === other.dev) return true;
  const buffers = [Buffer.allocUnsafe(compareBytes), Buffer.allocUnsafe(compareBytes)] as const;
  for (let position = 0; position < one.size;) {
    const a = await first.read(buffers[0], 0, compareBytes, position);
    const b = await second.read(buffers[1], 0, a.bytesRead, position);
    if (a.bytesRead === 0 || b.bytesRead !== a.bytesRead) return false;
    if (buffers[0].compare(buffers[1], 0, b.bytesRead, 0, a.bytesRead) !== 0) return false;
    position += a.bytesRead;
  }
  return true;
}
