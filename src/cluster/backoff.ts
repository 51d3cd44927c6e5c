const firstMs = 500;
const lastMs = 60_000;

/**
 * How long to wait after `failures` failures in a row: 0.5 s doubling to 60 s, of which a random half is taken, so
 * that homes that lost a node together do not all come back together. `random` is in [0, 1).
 */
export function backoffMs(failures: number, random: number): number {
  const wholeMs = Math.min(lastMs, firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 20));
  return wholeMs * (0.5 + random / 2);
}
