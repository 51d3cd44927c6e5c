/**
 * What a folder holds. Paths and link targets are byte strings: one character per byte (latin1), so that names that
 * are not UTF-8 survive; `displayPath` makes them readable. A manifest is plain JSON.
 */
export type EntryType = 'file' | 'dir' | 'symlink' | 'fifo';

export interface Entry {
  /** Relative, '/'-separated, never '.' or '..' in it. */
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits only: 0 … 0o777. */
  readonly mode: number;
  /** Decimal strings: nanoseconds do not fit into a number. */
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  /** 0 for anything but a file. */
  readonly size: number;
  /** Bytes that have to travel, where holes make that fewer than `size`. */
  readonly dataBytes?: number;
  readonly linkTarget?: string;
}

/** What is there but is not part of the manifest, and why: a socket, a device, an unreadable file. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

export interface Manifest {
  readonly format: 1;
  /** When the listing began. */
  readonly listedAtNs: string;
  /** A folder comes before what is in it. */
  readonly entries: readonly Entry[];
  readonly skipped: readonly Skipped[];
  /** Bytes that have to travel for all files. */
  readonly bytes: number;
}

/** Bytes of file content that have to travel for an entry. */
export function bytesOf(entry: Entry): number {
  return entry.dataBytes ?? entry.size;
}

export function emptyManifest(): Manifest {
  return { format: 1, listedAtNs: '0', entries: [], skipped: [], bytes: 0 };
}
export { parseManifest } from './parse-manifest.js';
export { packManifest } from './pack-manifest.js';
