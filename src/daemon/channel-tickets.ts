import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../errors.js';

const waitMs = 30_000;
const mostWaiting = 200;

/** 128 random bits: who knows the ticket of a transfer may be its other end. */
export function newTicket(): string {
  return randomBytes(16).toString('hex');
}

/** Brings together a bulk channel and the request that will use it, in whichever order they come. */
export class ChannelTickets {
  readonly #arrived = new Map<string, Duplex>();
  readonly #wanted = new Map<string, (channel: Duplex) => void>();

  arrive(ticket: string, channel: Duplex): void {
    const wanted = this.#wanted.get(ticket);
    if (wanted) {
      this.#wanted.delete(ticket);
      wanted(channel);
      return;
    }
    this.#arrived.get(ticket)?.destroy();
    // The oldest has waited in vain the longest: nobody who knows a ticket lets so many wait.
    const [oldest] = this.#arrived;
    if (oldest && this.#arrived.size >= mostWaiting) {
      this.#arrived.delete(oldest[0]);
      oldest[1].destroy();
    }
    this.#arrived.set(ticket, channel);
    const forget = (): void => {
      if (this.#arrived.get(ticket) === channel) this.#arrived.delete(ticket);
    };
    channel.once('close', forget);
    setTimeout(() => {
      if (this.#arrived.get(ticket) === channel) channel.destroy();
    }, waitMs * 4).unref();
  }

  take(ticket: string): Promise<Duplex> {
    const arrived = this.#arrived.get(ticket);
    if (arrived) {
      this.#arrived.delete(ticket);
      return Promise.resolve(arrived);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wanted.delete(ticket);
        reject(new ProtocolError(`the channel of a transfer did not come within ${waitMs / 1000} s`));
      }, waitMs);
      this.#wanted.set(ticket, (channel) => {
        clearTimeout(timer);
        resolve(channel);
      });
    });
  }
}
