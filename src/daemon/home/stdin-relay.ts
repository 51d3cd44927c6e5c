import { ProtocolError } from '../../errors.js';

const maxHeldBytes = 16 * 1024 * 1024;

/**
 * A job's standard input on its way from the deputy to wherever the job is. Everything not yet taken over by the
 * node is kept, so that a broken link or a move loses nothing and repeats nothing: every byte has its offset.
 */
export class StdinRelay {
  #held: { readonly offset: number; readonly bytes: Buffer }[] = [];
  #heldBytes = 0;
  #taken = 0;
  #end: number | null = null;
  #send: ((offset: number, bytes: Buffer) => void) | null = null;
  #sendEnd: ((offset: number) => void) | null = null;
  readonly #listeners = new Set<(offset: number) => void>();

  get taken(): number {
    return this.#taken;
  }

  onTaken(listener: (offset: number) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#taken);
    return () => this.#listeners.delete(listener);
  }

  /** From the deputy. What is already held or taken is ignored. */
  offer(offset: number, bytes: Buffer): void {
    // After a restart of mosd the deputy goes on where the node's last word to it was.
    if (this.#held.length === 0 && offset > this.#taken) this.#taken = offset;
    const next = this.#nextOffset();
    if (offset > next) throw new ProtocolError(`standard input skips from ${next} to ${offset}`);
    const fresh = bytes.subarray(Math.min(bytes.length, next - offset));
    if (fresh.length === 0) return;
    if (this.#heldBytes + fresh.length > maxHeldBytes)
      throw new ProtocolError('standard input comes without waiting');
    this.#held.push({ offset: next, bytes: fresh });
    this.#heldBytes += fresh.length;
    this.#send?.(next, fresh);
  }

  end(offset: number): void {
    if (offset > this.#nextOffset()) throw new ProtocolError('standard input ends before it is complete');
    this.#end = offset;
    this.#sendEnd?.(offset);
  }

  /** A channel to the job's node is open: repeat what it may not have, then go on. */
  connect(send: (offset: number, bytes: Buffer) => void, sendEnd: (offset: number) => void): void {
    this.#send = send;
    this.#sendEnd = sendEnd;
    for (const piece of this.#held) send(piece.offset, piece.bytes);
    if (this.#end !== null) sendEnd(this.#end);
  }

  disconnect(): void {
    this.#send = null;
    this.#sendEnd = null;
  }

  /** The node has everything before `offset`. */
  took(offset: number): void {
    if (offset <= this.#taken) return;
    this.#taken = offset;
    while (this.#held[0] && this.#held[0].offset + this.#held[0].bytes.length <= offset) {
      this.#heldBytes -= this.#held[0].bytes.length;
      this.#held.shift();
    }
    for (const listener of this.#listeners) listener(offset);
  }

  #nextOffset(): number {
    const last = this.#held.at(-1);
    return last ? Math.max(this.#taken, last.offset + last.bytes.length) : this.#taken;
  }
}
