import { lossOf, slowdown } from './altload.js';
import type { Outlook } from './forecast.js';
import type { BalancePolicy } from './policy.js';
import type { BalanceJob } from './types.js';

/** A job where it is: the half of a comparison that is the same for every target. */
export interface Departure {
  readonly job: BalanceJob;
  readonly source: Outlook;
  /** How many processes it counts for. */
  readonly demand: number;
  /** What all slowdowns of the source together lose by its going. */
  readonly saved: number;
  /** Its own slowdown where it is. */
  readonly slowdown: number;
}

/** What moving the job to one node would bring. */
export interface Worth {
  /** Slowdowns saved at the source minus those added at the target: the balancer's cost function. */
  readonly relief: number;
  /** Time saved over the rest of the job's life, ms. */
  readonly gainMs: number;
  /** Time that the job stands still, ms. */
  readonly costMs: number;
}

export function departureOf(
  job: BalanceJob,
  demand: number,
  source: Outlook,
  policy: BalancePolicy,
): Departure {
  const before = Math.max(source.leaving, demand);
  const loss = lossOf(before, source.node) - lossOf(before - demand, source.node);
  return {
    job,
    source,
    demand,
    saved: loss * awayFactor(job, source, policy),
    slowdown: slowdown(before, source.node),
  };
}

/** Slowdowns that the job's arrival adds at the target. */
export function addedBy({ job, demand }: Departure, target: Outlook, policy: BalancePolicy): number {
  const after = target.arriving + demand * policy.migrantLoad;
  return (
    (lossOf(after, target.node) - lossOf(target.arriving, target.node)) * awayFactor(job, target, policy)
  );
}

/**
 * Clearly better for the cluster, and for the job itself: nobody's job is slowed down for the others' sake, so a move
 * never raises the greatest slowdown in the cluster (of a job with `-i` its way to its files counts as well).
 */
export function isBetter(
  departure: Departure,
  target: Outlook,
  added: number,
  policy: BalancePolicy,
): boolean {
  const keep = 1 - policy.minImprovement;
  const after = target.arriving + departure.demand * policy.migrantLoad;
  const { job, source } = departure;
  return (
    added < departure.saved * keep &&
    slowdown(after, target.node) * awayFactor(job, target, policy) <
      departure.slowdown * awayFactor(job, source, policy) * keep
  );
}

export function worthOf(departure: Departure, target: Outlook, added: number, policy: BalancePolicy): Worth {
  const relief = departure.saved - added;
  return {
    relief,
    gainMs:
      (expectedRemainingMs(departure.job) / departure.slowdown) * (relief / Math.max(1, departure.demand)),
    costMs: moveCostMs(departure.job, departure.source, target, policy),
  };
}

/**
 * A job is expected to live as long again as it has lived: measured lifetimes of UNIX processes have P(lifetime > T)
 * close to 1/T, so the median of what remains is the age (Harchol-Balter and Downey, "Exploiting process lifetime
 * distributions for dynamic load balancing", ACM TOCS 15(3), 1997, who decide migrations by it as well).
 */
function expectedRemainingMs(job: BalanceJob): number {
  return job.ageMs;
}

/** time = fixed + linear in the bytes transferred, at the bandwidth of the slower of the two links. */
export function moveCostMs(job: BalanceJob, source: Outlook, target: Outlook, policy: BalancePolicy): number {
  const bandwidth = Math.min(
    source.node.bandwidth ?? Infinity,
    target.node.bandwidth ?? Infinity,
    source.node.bandwidth === null && target.node.bandwidth === null ? policy.unknownBandwidth : Infinity,
  );
  return policy.moveFixedMs + (job.imageBytes / Math.max(1, bandwidth)) * 1000;
}

function awayFactor(job: BalanceJob, at: Outlook, policy: BalancePolicy): number {
  return job.hint === 'iojob' && at.node.node !== job.home ? policy.ioAwayFactor : 1;
}
