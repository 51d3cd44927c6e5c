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
};

export const defaultDecay: DecayPolicy = { policy: 'none', hint: 'none' };
