export interface Loadavg {
  /** Linux's averages over 1, 5 and 15 minutes. */
  readonly averages: readonly [number, number, number];
  /** Tasks that run or wait for a processor right now, on the whole machine, the reader included. */
  readonly running: number;
  readonly tasks: number;
}

/** Null when the text is no /proc/loadavg. */
export function parseLoadavg(text: string): Loadavg | null {
  const match = /^([\d.]+) ([\d.]+) ([\d.]+) (\d+)\/(\d+) /.exec(text);
  if (!match) return null;
  return {
    averages: [Number(match[1]), Number(match[2]), Number(match[3])],
    running: Number(match[4]),
    tasks: Number(match[5]),
  };
}
