import type { Admin, DecayPolicy } from './cluster-map.js';

/** `mosctl setdecay INTERVAL SLOW FAST`. */
export type DecayRates = Pick<Admin, 'decayinterval' | 'slowdecay' | 'fastdecay'>;

/** A statistic that is forgotten bit by bit. */
export interface Decaying {
  /** openMosix's figure: what remains of earlier intervals, and the last one unweighted. */
  readonly sum: number;
  /** What `sum` would be had every interval counted 1. */
  readonly weight: number;
}

export const noStatistics: Decaying = { sum: 0, weight: 0 };

/**
 * One interval is over (manual, "Modificando las estadísticas de carga": with `setdecay 60 900 205`, every 60 s a slow
 * job keeps 90 % and a fast one 20.5 % of its past, and the last 60 s are added in full). A node's statistic is the sum
 * over its jobs.
 */
export function stepDecay(
  past: Decaying,
  latest: number,
  policy: DecayPolicy['policy'],
  rates: DecayRates,
): Decaying {
  const kept = keptShare(policy, rates);
  return { sum: past.sum * kept + latest, weight: past.weight * kept + 1 };
}

/** On the scale of one interval; 0 before the first one. */
export function meanOf({ sum, weight }: Decaying): number {
  return weight === 0 ? 0 : sum / weight;
}

/** `none` forgets nothing: the mean is over the job's whole life. */
function keptShare(policy: DecayPolicy['policy'], { slowdecay, fastdecay }: DecayRates): number {
  if (policy === 'none') return 1;
  return (policy === 'slow' ? slowdecay : fastdecay) / 1000;
}
