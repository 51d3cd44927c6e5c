import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { UnreachableError } from '../../errors.js';
import { damaged } from './wire.js';

/** Most records are shorter. */
const lineGuess = 512;
const events = ['readable', 'end', 'close', 'error'] as const;

/**
 * Reads a stream piece by piece. Bytes that were not asked for go back into the stream at once, so that whoever reads
 * it next finds them, also when the stream has ended meanwhile. Keeps the CRC of what it gave out.
 */
export class Inlet {
  readonly #input: Readable;
  readonly #signal: AbortSignal | undefined;
  #crc = 0;
  #wake: (() => void) | null = null;
  readonly #onEvent = (): void => this.#wake?.();

  constructor(input: Readable, signal?: AbortSignal) {
    this.#input = input;
    this.#signal = signal;
    for (const event of events) input.on(event, this.#onEvent);
    signal?.addEventListener('abort', this.#onEvent);
  }

  /** Of everything given out so far. */
  get crc(): number {
    return this.#crc;
  }

  /** Between 1 and `most` bytes. */
  async some(most: number): Promise<Buffer> {
    return this.#give(await this.#next(most));
  }

  async exactly(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = length; left > 0; left -= pieces.at(-1)!.length) pieces.push(await this.some(left));
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** Up to the next newline, without it. */
  async line(most: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let length = 0; length <= most; length += pieces.at(-1)!.length) {
      const chunk = await this.#next(lineGuess);
      const end = chunk.indexOf(0x0a);
      if (end < 0) pieces.push(this.#give(chunk));
      else {
        if (end + 1 < chunk.length) this.#input.unshift(chunk.subarray(end + 1));
        pieces.push(this.#give(chunk.subarray(0, end + 1)));
        return Buffer.concat(pieces).subarray(0, -1);
      }
    }
    throw damaged('a record is too long');
  }

  /** Lets the stream go. */
  release(): void {
    for (const event of events) this.#input.off(event, this.#onEvent);
    this.#signal?.removeEventListener('abort', this.#onEvent);
  }

  #give(bytes: Buffer): Buffer {
    this.#crc = crc32(bytes, this.#crc);
    return bytes;
  }

  /** What has arrived, up to `most` bytes. */
  async #next(most: number): Promise<Buffer> {
    for (;;) {
      if (this.#signal?.aborted) throw new UnreachableError('the transfer was given up');
      if (this.#input.readableLength === 0) this.#input.read(0); // asks the source, and takes nothing yet
      // no more than is there: asking for more would wait until all of it is there
      const ready = Math.min(most, this.#input.readableLength);
      const chunk: unknown = ready > 0 ? this.#input.read(ready) : null;
      if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const { readableEnded, destroyed, errored } = this.#input;
      if (readableEnded || destroyed)
        throw new UnreachableError('the other side left in the middle of a transfer', {
          cause: errored ?? undefined,
        });
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
