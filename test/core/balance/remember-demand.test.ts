import { expect, test } from 'vitest';
import { demandsOf } from '../../../src/core/balance/demand.js';
import {
  newDemandMemory,
  rememberDemand,
  rememberedDemand,
} from '../../../src/core/balance/remember-demand.js';

const rates = { decayinterval: 1, slowdecay: 975, fastdecay: 500 };

/** Busy for a minute, then idle for ten seconds. */
function afterPause(policy: 'slow' | 'fast' | 'none'): number {
  let memory = newDemandMemory(0);
  for (let s = 1; s <= 70; s++) memory = rememberDemand(memory, s <= 60 ? 1 : 0, s * 1_000, policy, rates);
  return rememberedDemand(memory, 0);
}

test('a slow memory bridges a pause that a fast one forgets, and none forgets nothing', () => {
  expect(afterPause('slow')).toBeGreaterThan(0.6);
  expect(afterPause('fast')).toBeLessThan(0.01);
  expect(afterPause('none')).toBeCloseTo(60 / 70);
});

test('until an interval is over the present counts, and a longer interval makes that longer', () => {
  const memory = rememberDemand(newDemandMemory(0), 0, 1_500, 'slow', { ...rates, decayinterval: 2 });
  expect(rememberedDemand(memory, 1)).toBe(1);
  expect(rememberedDemand(rememberDemand(memory, 0, 2_000, 'slow', rates), 1)).toBe(0);
});

test('the balancer counts what is remembered in the place of the present', () => {
  const jobs = [{ job: '1-1', where: 1, demand: 0.25 }] as unknown as Parameters<typeof demandsOf>[0];
  const outlooks = new Map([[1, { node: { cpus: 1 }, leaving: 1 }]]) as unknown as Parameters<
    typeof demandsOf
  >[1];
  expect(demandsOf(jobs, outlooks).get('1-1')).toBe(0.25);
});
