import type { Processors } from './load.js';

/**
 * What a node may use of its processors, as a whole number of them and the speed of each: `cpus × speed` is all that it
 * has. A quota of 0.4 makes one processor of 0.4 of the speed, one of 2.6 makes three of 0.87; rounding to the nearest
 * keeps the speed that a single process is promised within 0.75 and 1.5 of what it gets.
 */
export function effectiveProcessors(speed: number, allowedCpus: number, quota: number | null): Processors {
  const share = Math.min(allowedCpus, quota ?? allowedCpus);
  const cpus = Math.max(1, Math.round(share));
  return { cpus, speed: Math.max(1, Math.round((speed * share) / cpus)) };
}
