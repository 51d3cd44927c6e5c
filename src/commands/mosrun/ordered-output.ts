import { fstatSync, write } from 'node:fs';
import { diskTrouble } from '../../disk-error.js';
import { errnoOf, MoskitError } from '../../errors.js';

const fullPipePauseMs = 5;
const fullDiskPauseMs = 500;
const names: Readonly<Record<number, string>> = { 1: 'standard output', 2: 'standard error' };

/**
 * Writes to one of our own descriptors in order, without blocking the event loop: a reader that has stopped reading
 * must not make the deputy deaf to signals. Where a local program would get an error from a full disk, the job waits: it
 * may have run for a week.
 */
export class OrderedOutput {
  readonly #fd: number;
  #written: number;
  #isBroken = false;
  readonly #note: (text: string) => void;
  /** For room on a full disk. */
  #isWaiting = false;
  #isGivenUp = false;

  constructor(fd: number, from: number, note: (text: string) => void) {
    this.#fd = fd;
    this.#written = from;
    this.#note = note;
  }

  /** Everything before this offset is written out. */
  get written(): number {
    return this.#written;
  }

  /** Nobody reads it any more (EPIPE). */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** The user wants an end: room is waited for no longer. */
  giveUp(): void {
    if (this.#isWaiting) this.#isGivenUp = true;
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
        if (!error) {
          this.#isWaiting = false;
          resolve(count);
        } else if (errnoOf(error) === 'EAGAIN') setTimeout(() => resolve(0), fullPipePauseMs);
        else if (errnoOf(error) === 'EPIPE' || errnoOf(error) === 'EBADF') {
          this.#isBroken = true;
          resolve(0);
        } else if (this.#isFull(error)) this.#wait(error, () => resolve(0), reject);
        else reject(error);
      });
    });
  }

  #wait(error: unknown, again: () => void, reject: (error: Error) => void): void {
    const what = `no space is left for ${names[this.#fd] ?? `descriptor ${this.#fd}`}`;
    if (this.#isGivenUp) {
      reject(new MoskitError(what, { cause: error }));
      return;
    }
    if (!this.#isWaiting) this.#note(`${what}: the job's output waits until there is some`);
    this.#isWaiting = true;
    setTimeout(again, fullDiskPauseMs);
  }

  /** Of a file, which there may be room for later; /dev/full never has any. */
  #isFull(error: unknown): boolean {
    const trouble = diskTrouble(error);
    return (trouble === 'ENOSPC' || trouble === 'EDQUOT') && fstatSync(this.#fd).isFile();
  }
}
