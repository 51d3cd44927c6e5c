/** Hands values over to a reader; what it has not taken yet is replaced by what comes later. */
export interface Latest<T> extends AsyncIterable<T> {
  readonly put: (value: T) => void;
  readonly end: () => void;
}

export function latestOf<T>(): Latest<T> {
  let waiting: { readonly value: T } | null = null;
  let ended = false;
  let wake: () => void = () => undefined;
  async function* values(): AsyncGenerator<T> {
    for (;;) {
      while (waiting) {
        const { value } = waiting;
        waiting = null;
        yield value;
      }
      if (ended) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    put: (value) => {
      waiting = { value };
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    [Symbol.asyncIterator]: values,
  };
}
