/** Holds the state, and tells the screen when to draw: at once, but not more often than the eye can use. */
export interface Store<State> {
  /** What is drawn. */
  get(): State;
  /** What will be drawn next. */
  latest(): State;
  subscribe(listener: () => void): () => void;
  /** `gapMs`: at least so long after the last drawing. */
  update(change: (state: State) => State, gapMs: number): void;
  /** No drawing is pending any more. */
  close(): void;
}

/** After a key press, and for what comes by itself: at most four times a second. */
export const drawGaps = { keyMs: 30, newsMs: 250 } as const;

export function createStore<State>(
  initial: State,
  now: () => number = () => performance.now(),
): Store<State> {
  let state = initial;
  let shown = initial;
  let drawnAtMs = -Infinity;
  let timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | null = null;
  const listeners = new Set<() => void>();
  const draw = (): void => {
    if (timer) clearTimeout(timer.handle);
    timer = null;
    drawnAtMs = now();
    shown = state;
    for (const listener of listeners) listener();
  };
  return {
    get: () => shown,
    latest: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    update: (change, gapMs) => {
      state = change(state);
      if (state === shown) return;
      const dueMs = drawnAtMs + gapMs;
      const waitMs = dueMs - now();
      if (waitMs <= 0) {
        draw();
        return;
      }
      if (timer && timer.dueMs <= dueMs) return;
      if (timer) clearTimeout(timer.handle);
      timer = { handle: setTimeout(draw, waitMs), dueMs };
    },
    close: () => {
      if (timer) clearTimeout(timer.handle);
      listeners.clear();
    },
  };
}
