/**
 * Bytes that wait for more, in one buffer. Those that come one by one cost no more than those that come all at once: as
 * a list of pieces, each of them would cost hundreds of bytes.
 */
export class HeldBytes {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  /** What is held, to look at only: the next `add` may write into it. */
  peek(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Gives it away, and holds nothing any more. */
  take(): Buffer {
    const taken = this.peek();
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }
}
