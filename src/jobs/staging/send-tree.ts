import type { Writable } from 'node:stream';
import type { Entry, Skipped } from './manifest.js';

export interface SendOptions {
  readonly root: string;
  /** A folder before what is in it, as `listTree` gives them. */
  readonly entries: readonly Entry[];
  /** Paths the receiver has to remove first; a folder after what is in it, as `deltaEntries` gives them. */
  readonly deletes?: readonly string[];
  readonly out: Writable;
  /** Append-only files: the first so many bytes are not sent; the receiver keeps what it has there, or makes a hole. */
  readonly sparseBefore?: ReadonlyMap<string, number>;
  /** Nothing writes in `root` any more, so a file that was modified a moment ago can be trusted. */
  readonly frozen?: boolean;
  readonly signal?: AbortSignal;
}

export interface SendResult {
  readonly files: number;
  /** Bytes of file content sent. */
  readonly bytes: number;
  /** Files that vanished, could not be read, or were written to meanwhile: their copies must not be relied on. */
  readonly unstable: readonly Skipped[];
}

/** Writes the tree to `out`, which stays open. */
export async function sendTree(options: SendOptions): Promise<SendResult> {
  return Promise.reject(new Error(`not built yet: ${options.root}`));
}
