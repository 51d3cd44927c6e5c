import { setMaxListeners } from 'node:events';
import { SshError } from './ssh-error.js';

/** The time one attempt may take, and the signal that ends it early. */
export interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** `step`, or the reason why it was given up, whichever comes first. */
  race<T>(step: Promise<T>): Promise<T>;
  clear(): void;
}

export function startDeadline(what: string, deadlineMs: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const endsAt = performance.now() + deadlineMs;
  const expire = (): void =>
    controller.abort(
      new SshError('timeout', `${what} did not answer within ${(deadlineMs / 1000).toFixed(1)} s`),
    );
  const timer = setTimeout(expire, deadlineMs);
  const giveUp = (): void =>
    controller.abort(outer?.reason ?? new SshError('closed', `${what} was given up`));
  if (outer?.aborted) giveUp();
  outer?.addEventListener('abort', giveUp, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(1, endsAt - performance.now()),
    race: (step) => raceSignal(step, controller.signal),
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', giveUp);
    },
  };
}

function raceSignal<T>(step: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    step.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
