import { setTimeout as delay } from 'node:timers/promises';

/** Time as an argument, so that tests can make it pass. */
export interface Clock {
  /** Ms since 1970; what somebody sets the clock to meanwhile does not show. */
  nowMs(): number;
  /** Returns early, without an error, when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
  },
};
