import { Slots } from './slots.js';

const handshakesAtOnce = 8;
const maxJitterMs = 40;

/** A place among the handshakes that may be going on. */
export interface HandshakeSlot {
  /**
   * Waits for `step`. When it takes longer than `patienceMs` the place is given to somebody else meanwhile, so that
   * machines that do not answer hold up nobody; it is taken again before this returns.
   */
  during<T>(step: Promise<T>, patienceMs: number): Promise<T>;
  leave(): void;
}

/**
 * At most 8 SSH handshakes at once in this process: they cost both sides much CPU, and sshd drops connections when too
 * many are unauthenticated (MaxStartups). Whoever had to wait starts a little later still, at random, because
 * several homes often start at the same moment.
 */
export class HandshakeGate {
  readonly #slots: Slots;

  constructor(atOnce = handshakesAtOnce) {
    this.#slots = new Slots(atOnce);
  }

  async enter(signal: AbortSignal): Promise<HandshakeSlot> {
    const take = async (): Promise<void> => {
      const crowded = this.#slots.isCrowded;
      await this.#slots.take(signal);
      if (crowded) await new Promise((resolve) => setTimeout(resolve, Math.random() * maxJitterMs));
    };
    await take();
    let held = true;
    const leave = (): void => {
      if (held) this.#slots.give();
      held = false;
    };
    return {
      leave,
      during: async (step, patienceMs) => {
        const timer = setTimeout(leave, patienceMs);
        const result = await step.finally(() => clearTimeout(timer));
        if (!held) {
          await take();
          held = true;
        }
        return result;
      },
    };
  }
}

export const handshakeGate = new HandshakeGate();
