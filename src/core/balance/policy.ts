import type { Admin } from '../cluster-map.js';

/** Every number that the balancer goes by. Times in ms, memory in KiB, fractions 0 … 1. */
export interface BalancePolicy {
  /** `mosctl lstay` of this home: jobs born here that run here stay here. */
  readonly lstay: boolean;
  /** `mosctl quiet` of this home: no balancing; only a node that is leaving is still emptied. */
  readonly quiet: boolean;
  /** A job younger than this is not moved. Most jobs end within moments, and its CPU share is not known yet. */
  readonly minAgeMs: number;
  /** After its first move a job rests this long: the loads need that time to show what the move did. */
  readonly settleMs: number;
  /** The rest doubles with each move (anti-thrash), up to this. */
  readonly settleMaxMs: number;
  /** A move must save this much more than it costs: below a second nobody notices, and estimates are not that good. */
  readonly minGainMs: number;
  /** The target must be better by this fraction, so that noise in the loads moves nothing. */
  readonly minImprovement: number;
  /** Moves of this home under way at once: enough to empty a crowded node quickly, few enough to see what they do. */
  readonly maxMoves: number;
  /** Moves of this home under way to one node: restoring costs the target CPU time as well. */
  readonly maxArrivals: number;
  /** The part of a move's standstill that does not depend on its size. Measured: 1 s on a free core, 4 s on 0.4 core. */
  readonly moveFixedMs: number;
  /** Bytes per second assumed for a link that was not measured: a bit less than 100 Mbit Ethernet. */
  readonly unknownBandwidth: number;
  /** A report older than this is worth nothing; reports come once a second. */
  readonly staleMs: number;
  /** How often nodes sample their load: a change younger than the report plus this shows only partly. */
  readonly samplePeriodMs: number;
  /** A migrated process counts as 1.02 at its target: its caches are cold (openMosix's 102/100). */
  readonly migrantLoad: number;
  /** A node with less free memory than this fraction of its total is out of memory. */
  readonly memLow: number;
  /** What must stay free at a target after an arrival. Above `memLow`, so that an arrival never starts ushering there. */
  readonly memKeep: number;
  /** Memory assumed for a job that has not started yet. */
  readonly newJobKib: number;
  /** An I/O job away from home costs this many times more: its files are at home. */
  readonly ioAwayFactor: number;
  /** Targets that differ by less than this are equal, and chance decides: two homes then don't pick the same one. */
  readonly tieFraction: number;
}

export const defaultPolicy: BalancePolicy = {
  lstay: false,
  quiet: false,
  minAgeMs: 3_000,
  settleMs: 10_000,
  settleMaxMs: 300_000,
  minGainMs: 1_000,
  minImprovement: 0.05,
  maxMoves: 3,
  maxArrivals: 2,
  moveFixedMs: 2_000,
  unknownBandwidth: 10_000_000,
  staleMs: 10_000,
  samplePeriodMs: 1_000,
  migrantLoad: 1.02,
  memLow: 0.05,
  memKeep: 0.1,
  newJobKib: 32 * 1024,
  ioAwayFactor: 2,
  tieFraction: 0.05,
};

/** What the settings of a home mean for its decisions. */
export function policyFor(admin: Admin): BalancePolicy {
  return {
    ...defaultPolicy,
    quiet: admin.quiet === 1,
    lstay: admin.lstay === 1,
    moveFixedMs: admin.movecost,
    unknownBandwidth: admin.linkspeed * 1024,
    ioAwayFactor: admin.iocost / 100,
    migrantLoad: admin.migrantcost / 100,
    staleMs: defaultPolicy.staleMs * (1 + admin.gateways),
  };
}

/** How long a job rests after its `nmigs`-th move. */
export function settleTimeMs(nmigs: number, policy: BalancePolicy): number {
  const doublings = Math.max(0, Math.min(nmigs - 1, 30));
  return Math.min(policy.settleMs * 2 ** doublings, Math.max(policy.settleMs, policy.settleMaxMs));
}
