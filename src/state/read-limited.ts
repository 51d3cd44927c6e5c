import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf, MoskitError, messageOf } from '../errors.js';

export type LimitedRead =
  | { readonly kind: 'ok'; readonly bytes: Buffer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'too-large'; readonly bytes: number };

/** Reads a whole regular file, but never more than the limit. Throws on failed I/O and on what is no regular file. */
export async function readLimited(path: string, limitBytes: number): Promise<LimitedRead> {
  try {
    // O_NONBLOCK: opening a FIFO that somebody put there must not hang.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readOpened(file, limitBytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { kind: 'missing' };
    throw new MoskitError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function readOpened(file: FileHandle, limitBytes: number): Promise<LimitedRead> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error('it is no regular file');
  if (stats.size > limitBytes) return { kind: 'too-large', bytes: stats.size };
  return { kind: 'ok', bytes: await file.readFile() };
}
