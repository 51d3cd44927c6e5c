import type { Admin, DecayPolicy } from './cluster-map.js';

/**
 * /proc/hpc/admin as it starts. The manual gives 975 and 976 for slowdecay; 975 is in its text, in the HOWTO and in
 * the kernel code that survives. It gives no decayinterval: with 1 s, 975 and 926 per mille mean that statistics halve
 * in 27 and 9 s, which is a slow and a fast memory for jobs that run for minutes.
 */
export const defaultAdmin: Admin = {
  mospe: 0,
  block: 0,
  bring: 0,
  expel: 0,
  stay: 0,
  lstay: 0,
  quiet: 0,
  nomfs: 0,
  speed: null,
  speedset: 0,
  sspeed: 10_000,
  gateways: 0,
  decayinterval: 1,
  slowdecay: 975,
  fastdecay: 926,
  checkpoint: 0,
  maxguests: null,
  jobsroot: null,
  disclosure: 3,
  loadlimit: null,
  loadlimitmode: 0,
  cpulimit: null,
  cpulimitmode: 0,
  movecost: 2_000,
  linkspeed: 9_766,
  iocost: 200,
  migrantcost: 102,
};

type Range = readonly [least: number, most: number];

/** Least and most of every whole number in it: for the map's shape, for what comes over a channel, and for `mosctl set`. */
export const adminRanges = {
  speed: [1, 10_000_000],
  sspeed: [1, 10_000_000],
  gateways: [0, 2],
  decayinterval: [1, 3_600],
  slowdecay: [0, 1_000],
  fastdecay: [0, 1_000],
  checkpoint: [0, 31_536_000],
  maxguests: [0, 1_000_000],
  loadlimit: [0, 1_000_000_000],
  cpulimit: [0, 100],
  movecost: [0, 3_600_000],
  linkspeed: [1, 1_000_000_000],
  iocost: [100, 100_000],
  migrantcost: [100, 1_000],
} as const satisfies Partial<Record<keyof Admin, Range>>;

/** Slow: jobs run for minutes, and one that pauses for some seconds is not idle. */
export const defaultDecay: DecayPolicy = { policy: 'slow', hint: 'none' };
