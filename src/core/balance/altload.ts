import type { Processors } from '../load.js';

/** STD_SPD: speed of the standard processor. */
export const standardSpeed = 10_000;
/** MF: load of one process on one standard processor. */
export const processLoad = 100;

/** One of openMosix's load_limit / cpu_limit: a node beyond it is never chosen. Total, remote or local is the caller's choice. */
export interface LoadLimit {
  readonly measured: number;
  readonly limit: number;
}

/**
 * openMosix's altload() (manual, appendix: `altload`): what a process costs on a node whose load, the process included,
 * is `load`. Loads count 100 per process, speed 10000 and processor. It is exactly the growth of `lossOf` by that process.
 */
export function altload(
  load: number,
  { speed, cpus }: Processors,
  limits: readonly LoadLimit[] = [],
): number {
  if (limits.some(({ measured, limit }) => measured > limit)) return Infinity;
  const threshold = (processLoad * standardSpeed) / speed;
  if (load <= threshold) return threshold;
  if (load <= threshold + threshold / cpus) {
    return threshold + (cpus * load * (load - threshold)) / threshold;
  }
  return 2 * load - threshold / cpus;
}

/** How many processes want a processor, from a load. */
export function runnableOf(load: number, { speed, cpus }: Processors): number {
  return (load * speed * cpus) / (processLoad * standardSpeed);
}

export function loadOf(runnable: number, { speed, cpus }: Processors): number {
  return (runnable * processLoad * standardSpeed) / (speed * cpus);
}

/** How many times longer than alone on a standard processor a process takes among `runnable` ones. */
export function slowdown(runnable: number, { speed, cpus }: Processors): number {
  return (standardSpeed / speed) * Math.max(1, runnable / cpus);
}

/**
 * The slowdowns of all processes of a node added up. altload is its growth by one process; this form also takes jobs
 * that are more or less than one process.
 */
export function lossOf(runnable: number, processors: Processors): number {
  return runnable * slowdown(runnable, processors);
}

/** How fast `lossOf` grows at `runnable`; as it is convex, nothing that arrives costs less per process. */
export function lossSlope(runnable: number, { speed, cpus }: Processors): number {
  return (standardSpeed / speed) * (runnable < cpus ? 1 : (2 * runnable) / cpus);
}
