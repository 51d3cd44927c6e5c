import { UnreachableError } from '../../errors.js';
import type { NodeAccess } from '../node-access.js';

/** Looks, not a time: a home that slept itself, or was too busy to look, has no right to complain. */
const silentLooks = 10;
const everyMs = 1_000;

export interface Standstill {
  /** `step`, or the reason to give the move up, whichever comes first. */
  race<T>(step: Promise<T>): Promise<T>;
  stop(): void;
}

/**
 * A job stands still for a move, so its target must be there: when nothing at all was heard of it for 10 s and no byte
 * got through to it, the move is given up, long before SSH itself notices. A slow link that lives says something every
 * second. After the COMMIT this is of no use: the job belongs to the target then.
 */
export function watchStandstill(
  target: Pick<NodeAccess, 'node' | 'call' | 'heard'>,
  bytesMoved: () => number,
  lookEveryMs = everyMs,
): Standstill {
  let giveUp: (reason: Error) => void = () => undefined;
  const silence = new Promise<never>((_, reject) => (giveUp = reject));
  silence.catch(() => undefined);
  let last = '';
  let silent = 0;
  const look = (): void => {
    const heard = target.heard();
    const now = `${heard} ${bytesMoved()}`;
    silent = heard === null || now !== last ? 0 : silent + 1;
    last = now;
    if (silent === silentLooks) {
      const seconds = Math.round((silentLooks * everyMs) / 1_000);
      giveUp(
        new UnreachableError(`node ${target.node} was silent for ${seconds} s while the job stood still`, {
          hint: 'the job goes on where it was; is that machine, or the way to it, down?',
        }),
      );
    } else if (silent > 1) {
      void target.call('node.report', {}, { timeoutMs: silentLooks * everyMs }).catch(() => undefined);
    }
  };
  const timer = setInterval(look, lookEveryMs);
  return { race: (step) => Promise.race([step, silence]), stop: () => clearInterval(timer) };
}
