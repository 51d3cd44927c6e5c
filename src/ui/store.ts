import type { MonitorState } from './monitor-state.js';

/** Holds the state, and draws it: at once, but not more often than the eye can use. */
export interface Store {
  get(): MonitorState;
  /** `gapMs`: draws so long after the last drawing at the earliest. */
  update(change: (state: MonitorState) => MonitorState, gapMs: number): void;
  /** Nothing is drawn any more. */
  close(): void;
}

/** After a key press, and for what comes by itself: at most four times a second. */
export const drawGaps = { keyMs: 30, newsMs: 250 } as const;

export function createStore(
  initial: MonitorState,
  draw: (state: MonitorState) => void,
  now: () => number = () => performance.now(),
): Store {
  let state = initial;
  let drawn: MonitorState | null = null;
  let drawnAtMs = -Infinity;
  let timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | null = null;
  let closed = false;
  const drawNow = (): void => {
    if (timer) clearTimeout(timer.handle);
    timer = null;
    drawnAtMs = now();
    drawn = state;
    draw(state);
  };
  const drawAt = (dueMs: number): void => {
    if (timer && timer.dueMs <= dueMs) return;
    if (timer) clearTimeout(timer.handle);
    timer = { handle: setTimeout(drawNow, dueMs - now()), dueMs };
  };
  return {
    get: () => state,
    update: (change, gapMs) => {
      state = change(state);
      if (state === drawn || closed) return;
      const dueMs = drawnAtMs + gapMs;
      if (dueMs <= now()) drawNow();
      else drawAt(dueMs);
    },
    close: () => {
      closed = true;
      if (timer) clearTimeout(timer.handle);
    },
  };
}
