import { setTimeout as delay } from 'node:timers/promises';

/** Time as an argument, so that tests can make it pass. */
export interface Clock {
  /** Time of day, ms since 1970. */
  nowMs(): number;
  /** Returns early, without an error, when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};
