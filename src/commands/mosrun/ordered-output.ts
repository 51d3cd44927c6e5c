import { write } from 'node:fs';
import { errnoOf } from '../../errors.js';

const fullPipePauseMs = 5;

/**
 * Writes to one of our own descriptors in order, without blocking the event loop: a reader that has stopped reading
 * must not make the deputy deaf to signals.
 */
export class OrderedOutput {
  readonly #fd: number;
  #written: number;
  #isBroken = false;

  constructor(fd: number, from: number) {
    this.#fd = fd;
    this.#written = from;
  }

  /** Everything before this offset is written out. */
  get written(): number {
    return this.#written;
  }

  /** Nobody reads it any more (EPIPE). */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Takes bytes that belong at `offset`; what is written out already is left out. */
  async write(offset: number, bytes: Buffer): Promise<void> {
    const fresh = bytes.subarray(Math.min(bytes.length, Math.max(0, this.#written - offset)));
    if (offset > this.#written) this.#written = offset;
    for (let done = 0; done < fresh.length && !this.#isBroken;)
      done += await this.#some(fresh.subarray(done));
    this.#written += fresh.length;
  }

  #some(bytes: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, (error, count) => {
        if (!error) resolve(count);
        else if (errnoOf(error) === 'EAGAIN') setTimeout(() => resolve(0), fullPipePauseMs);
        else if (errnoOf(error) === 'EPIPE' || errnoOf(error) === 'EBADF') {
          this.#isBroken = true;
          resolve(0);
        } else reject(error);
      });
    });
  }
}
