import type { Writable } from 'node:stream';
import { errnoOf } from '../../errors.js';
import { Anchor } from './anchor.js';
import type { Entry, Skipped } from './manifest.js';
import { Outlet } from './outlet.js';
import { openForSending, sendContent } from './send-file.js';
import { reasonOf } from './reason.js';
import { formatHeader, magic } from './wire.js';

export interface SendOptions {
  readonly root: string;
  /** A folder before what is in it, as `listTree` gives them. */
  readonly entries: readonly Entry[];
  /** Paths the receiver has to remove first; a folder after what is in it, as `deltaEntries` gives them. */
  readonly deletes?: readonly string[];
  readonly out: Writable;
  /** Append-only files: the first so many bytes are not sent; the receiver keeps what it has there, or makes a hole. */
  readonly sparseBefore?: ReadonlyMap<string, number>;
  /**
   * Nothing writes in `root` any more, or nobody minds: a file that was modified a moment ago is then trusted, unless
   * it changed while it was read.
   */
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

/**
 * Writes the tree to `out`, which stays open. Resolves when everything was handed to the stream; only the receiver
 * knows that it arrived. On a failure of its own it tells the receiver why.
 */
export async function sendTree(options: SendOptions): Promise<SendResult> {
  const outlet = new Outlet(options.out, options.signal);
  try {
    await outlet.put(Buffer.from(magic));
    const anchor = await Anchor.open(options.root);
    try {
      return await new Sender(anchor, outlet, options).run();
    } finally {
      await anchor.close();
    }
  } catch (error) {
    await outlet.put(formatHeader({ type: 'abort', reason: reasonOf(error) })).catch(() => undefined);
    await outlet.flush().catch(() => undefined);
    throw error;
  } finally {
    outlet.release();
  }
}

class Sender {
  readonly #anchor: Anchor;
  readonly #outlet: Outlet;
  readonly #options: SendOptions;
  readonly #unstable: Skipped[] = [];
  #records = 0;
  #files = 0;
  #bytes = 0;

  constructor(anchor: Anchor, outlet: Outlet, options: SendOptions) {
    this.#anchor = anchor;
    this.#outlet = outlet;
    this.#options = options;
  }

  async run(): Promise<SendResult> {
    for (const path of this.#options.deletes ?? []) {
      await this.#outlet.put(formatHeader({ type: 'delete', path }));
      this.#records++;
    }
    for (const entry of this.#options.entries) await this.#send(entry);
    const { crc } = this.#outlet;
    const end = { type: 'end', entries: this.#records, bytes: this.#bytes, crc32: crc } as const;
    await this.#outlet.put(formatHeader(end));
    await this.#outlet.flush();
    return { files: this.#files, bytes: this.#bytes, unstable: this.#unstable };
  }

  async #send(entry: Entry): Promise<void> {
    const { path, mode, mtimeNs } = entry;
    if (entry.type === 'file') return this.#sendFile(entry);
    if (entry.type === 'symlink') {
      const linkTarget = entry.linkTarget ?? '';
      await this.#outlet.put(formatHeader({ type: 'symlink', path, mtimeNs, linkTarget }));
    } else await this.#outlet.put(formatHeader({ type: entry.type, path, mode, mtimeNs }));
    this.#records++;
  }

  async #sendFile({ path }: Entry): Promise<void> {
    const opened = await this.#open(path);
    if (opened.kind === 'unreadable') {
      this.#unstable.push({ path, reason: opened.reason });
      return;
    }
    const { handle, stats } = opened;
    try {
      const size = Number(stats.size);
      const offset = Math.min(this.#options.sparseBefore?.get(path) ?? 0, size);
      const mode = Number(stats.mode) & 0o777;
      const mtimeNs = String(stats.mtimeNs);
      await this.#outlet.put(formatHeader({ type: 'file', path, mode, mtimeNs, size, offset }));
      const sent = await sendContent({
        handle,
        stats,
        offset,
        outlet: this.#outlet,
        trustFresh: this.#options.frozen ?? false,
      });
      this.#records++;
      this.#files++;
      this.#bytes += sent.bytes;
      if (sent.unstable !== null) this.#unstable.push({ path, reason: sent.unstable });
    } finally {
      await handle.close();
    }
  }

  async #open(path: string): ReturnType<typeof openForSending> {
    try {
      return await openForSending(await this.#anchor.at(path));
    } catch (error) {
      if (errnoOf(error) === 'EMFILE') throw error;
      return { kind: 'unreadable', reason: reasonOf(error) };
    }
  }
}
