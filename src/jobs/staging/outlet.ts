import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { UnreachableError } from '../../errors.js';

const gatherBytes = 64 * 1024;

/** Writes to a stream no faster than it takes, gathering small pieces and keeping the CRC of everything. */
export class Outlet {
  readonly #out: Writable;
  readonly #gone = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onGone = (): void => this.#gone.abort();
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #crc = 0;

  constructor(out: Writable, signal?: AbortSignal) {
    this.#out = out;
    this.#signal = signal ? AbortSignal.any([signal, this.#gone.signal]) : this.#gone.signal;
    out.on('close', this.#onGone).on('error', this.#onGone);
  }

  /** Of everything put in so far. */
  get crc(): number {
    return this.#crc;
  }

  /** The bytes belong to the stream from now on. */
  async put(bytes: Buffer): Promise<void> {
    this.#crc = crc32(bytes, this.#crc);
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= gatherBytes) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#out.destroyed || this.#out.writableEnded) this.#gone.abort();
    if (this.#signal.aborted) throw this.#reason();
    if (this.#gatheredBytes === 0) return;
    const isTaken = this.#write();
    if (!isTaken) await this.#drained();
  }

  /** Small pieces become one; a large one is not worth copying for the few bytes before it. */
  #write(): boolean {
    const small = this.#gathered.filter((bytes) => bytes.length < gatherBytes);
    const pieces = small.length === this.#gathered.length ? [Buffer.concat(small)] : this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#out.cork();
    let isTaken = true;
    for (const bytes of pieces) isTaken = this.#out.write(bytes);
    this.#out.uncork();
    return isTaken;
  }

  /** Leaves the stream open. */
  release(): void {
    this.#out.off('close', this.#onGone).off('error', this.#onGone);
  }

  async #drained(): Promise<void> {
    try {
      await once(this.#out, 'drain', { signal: this.#signal });
    } catch {
      throw this.#reason();
    }
  }

  #reason(): Error {
    const what = this.#gone.signal.aborted
      ? 'the other side left in the middle of a transfer'
      : 'the transfer was given up';
    return new UnreachableError(what, { cause: this.#out.errored ?? undefined });
  }
}
