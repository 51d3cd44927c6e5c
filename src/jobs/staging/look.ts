import type { BigIntStats } from 'node:fs';
import { access, constants, lstat, readlink } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';
import { bytesOfPath, nameOf, pathOfBytes } from './byte-path.js';
import type { Entry, EntryType } from './manifest.js';
import { reasonOf } from './reason.js';

export type Found =
  | { readonly kind: 'entry'; readonly path: string; readonly entry: Entry }
  | { readonly kind: 'skipped'; readonly path: string; readonly reason: string };

/** What lies at `path`, whose folder is `base`; null when there is nothing. */
export async function look(base: Buffer, path: string): Promise<Found | null> {
  const at = Buffer.concat([base, bytesOfPath(nameOf(path))]);
  try {
    const stats = await lstat(at, { bigint: true });
    const type = entryType(stats);
    if (type === null) return { kind: 'skipped', path, reason: describeOther(stats) };
    if (type === 'file' && !(await mayRead(at, stats)))
      return { kind: 'skipped', path, reason: 'may not be read' };
    const linkTarget =
      type === 'symlink' ? pathOfBytes(await readlink(at, { encoding: 'buffer' })) : undefined;
    return { kind: 'entry', path, entry: entryOf(path, type, stats, linkTarget) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null; // removed meanwhile
    return { kind: 'skipped', path, reason: unreadable(error) };
  }
}

function entryType(stats: BigIntStats): EntryType | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'dir';
  if (stats.isSymbolicLink()) return 'symlink';
  return stats.isFIFO() ? 'fifo' : null;
}

function entryOf(path: string, type: EntryType, stats: BigIntStats, linkTarget?: string): Entry {
  const size = type === 'file' ? Number(stats.size) : 0;
  const allocated = Number(stats.blocks) * 512;
  return {
    path,
    type,
    mode: Number(stats.mode) & 0o777,
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
    size,
    ...(type === 'file' && allocated < size ? { dataBytes: allocated } : {}),
    ...(linkTarget === undefined ? {} : { linkTarget }),
  };
}

async function mayRead(at: Buffer, stats: BigIntStats): Promise<boolean> {
  const uid = process.geteuid?.();
  if (uid === 0) return true;
  if (Number(stats.uid) === uid) return (Number(stats.mode) & 0o400) !== 0;
  return access(at, constants.R_OK).then(
    () => true,
    () => false,
  );
}

function describeOther(stats: BigIntStats): string {
  return stats.isSocket() ? 'is a socket' : 'is a device';
}

export function unreadable(error: unknown): string {
  return errnoOf(error) === 'EACCES' ? 'may not be read' : `cannot be read: ${reasonOf(error)}`;
}
