import type { Readable } from 'node:stream';
import { ProtocolError } from '../errors.js';
import { HeldBytes } from './held-bytes.js';

export const maxLineBytes = 8 * 1024 * 1024;

/**
 * Cuts a byte stream into lines. Holds at most `limit` bytes; a longer line ends the stream with a ProtocolError.
 * `detach` gives back the bytes after the last line taken, for a stream that goes on as something else.
 */
export class LineReader {
  readonly #limit: number;
  readonly #held = new HeldBytes();

  constructor(limit = maxLineBytes) {
    this.#limit = limit;
  }

  /** Adds bytes and answers the lines that are now whole, without their newlines. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      lines.push(this.#finish(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#hold(rest);
    return lines;
  }

  /** Takes one line only; `rest` is what came behind it. */
  pushOne(chunk: Buffer): { readonly line: Buffer; readonly rest: Buffer } | null {
    const end = chunk.indexOf(10);
    if (end < 0) {
      this.#hold(chunk);
      return null;
    }
    return { line: this.#finish(chunk.subarray(0, end)), rest: chunk.subarray(end + 1) };
  }

  #hold(bytes: Buffer): void {
    if (this.#held.length + bytes.length > this.#limit) {
      this.#held.take();
      throw new ProtocolError(`a line longer than ${this.#limit} bytes was sent`);
    }
    this.#held.add(bytes);
  }

  #finish(tail: Buffer): Buffer {
    if (this.#held.length === 0 && tail.length <= this.#limit) return tail;
    this.#hold(tail);
    return this.#held.take();
  }
}

/** Reads one line off a stream and leaves the rest in it. Rejects at its end, after `timeoutMs`, or over the limit. */
export function readLine(stream: Readable, options: { limit: number; timeoutMs: number }): Promise<Buffer> {
  const reader = new LineReader(options.limit);
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      stream.off('readable', onReadable);
      stream.off('end', onEnd);
      stream.off('close', onEnd);
      stream.off('error', onError);
      act();
    };
    const onReadable = (): void => {
      try {
        for (let chunk = readChunk(stream); chunk; chunk = readChunk(stream)) {
          const found = reader.pushOne(chunk);
          if (!found) continue;
          settle(() => {
            if (found.rest.length > 0) stream.unshift(found.rest);
            resolve(found.line);
          });
          return;
        }
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
        settle(() => reject(error));
      }
    };
    const onEnd = (): void => settle(() => reject(new ProtocolError('the other side closed the channel')));
    const onError = (error: Error): void => settle(() => reject(error));
    const timer = setTimeout(
      () => settle(() => reject(new ProtocolError(`no answer within ${options.timeoutMs / 1000} s`))),
      options.timeoutMs,
    );
    stream.on('readable', onReadable);
    stream.on('end', onEnd);
    stream.on('close', onEnd);
    stream.on('error', onError);
    onReadable();
  });
}

function readChunk(stream: Readable): Buffer | null {
  return stream.read() as Buffer | null;
}
