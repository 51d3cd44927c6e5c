import type { DecayPolicy } from '../cluster-map.js';
import { meanOf, noStatistics, stepDecay, type Decaying, type DecayRates } from '../decay.js';

/** What a job has asked for so far, under its decay policy. */
export interface DemandMemory {
  readonly past: Decaying;
  /** Demand × ms since the last interval ended, and how long that is ago. */
  readonly open: { readonly demandMs: number; readonly ms: number };
  readonly atMs: number;
}

export function newDemandMemory(atMs: number): DemandMemory {
  return { past: noStatistics, open: { demandMs: 0, ms: 0 }, atMs };
}

/**
 * `setdecay` and `mosrun -s`, `-f`, `-n`: the balancer goes by what a job has asked for over its memory, so that a pause
 * of some seconds does not make it idle, nor a burst busy. Demand and not processor share is remembered: that a node was
 * crowded says nothing about the job.
 */
export function rememberDemand(
  memory: DemandMemory,
  demand: number,
  nowMs: number,
  policy: DecayPolicy['policy'],
  rates: DecayRates,
): DemandMemory {
  const ms = Math.max(0, nowMs - memory.atMs);
  const open = { demandMs: memory.open.demandMs + demand * ms, ms: memory.open.ms + ms };
  if (open.ms < rates.decayinterval * 1_000) return { past: memory.past, open, atMs: nowMs };
  const past = stepDecay(memory.past, open.demandMs / open.ms, policy, rates);
  return { past, open: { demandMs: 0, ms: 0 }, atMs: nowMs };
}

/** Until the first interval is over there is only the present. */
export function rememberedDemand({ past }: DemandMemory, present: number): number {
  return past.weight === 0 ? present : meanOf(past);
}
