import { describe, expect, test } from 'vitest';
import { demandsOf } from '../../../src/core/balance/demand.js';
import { forecastOf } from '../../../src/core/balance/forecast.js';
import { defaultPolicy } from '../../../src/core/balance/policy.js';
import type { BalanceJob, BalanceNode } from '../../../src/core/balance/types.js';
import { crowd, jobOf, nodeOf, snapshotOf } from './cluster.js';

function demands(node: BalanceNode, jobs: readonly BalanceJob[]): number[] {
  return [...demandsOf(jobs, forecastOf(snapshotOf([node]), defaultPolicy)).values()];
}

describe('a job counts for', () => {
  test('one process when it computes, however crowded its node is', () => {
    expect(demands(nodeOf(1, 1), [jobOf('1-1')])[0]).toBeCloseTo(1);
    for (const demand of demands(nodeOf(1, 8), crowd(8))) expect(demand).toBeCloseTo(1);
  });

  test('one process under a quota of 0.4 processors', () => {
    const quota = { speed: 4000 };
    expect(demands(nodeOf(1, 1, quota), [jobOf('1-1', { cpu: 0.4 })])[0]).toBeCloseTo(1);
    for (const demand of demands(nodeOf(1, 8, quota), crowd(8, 1, { cpu: 0.05 })))
      expect(demand).toBeCloseTo(1);
  });

  test('nothing when it sleeps, even next to busy ones', () => {
    const [sleeper, busy] = demands(nodeOf(1, 1), [
      jobOf('1-1', { cpu: 0.001 }),
      jobOf('1-2', { cpu: 0.999 }),
    ]);
    expect(sleeper).toBeLessThan(0.01);
    expect(busy).toBeGreaterThan(0.9);
  });

  test('a part of a process when it waits most of the time', () => {
    expect(demands(nodeOf(1, 0.3), [jobOf('1-1', { cpu: 0.3 })])[0]).toBeCloseTo(0.3);
  });

  test('as many processes as it has busy threads', () => {
    expect(demands(nodeOf(1, 4, { cpus: 4 }), [jobOf('1-1', { cpu: 4 })])[0]).toBeCloseTo(4);
  });

  test('no more than all that wants a processor there', () => {
    expect(demands(nodeOf(1, 3), [jobOf('1-1', { cpu: 1.5 })])[0]).toBeCloseTo(3);
  });

  test('at least one process when the user says cpujob', () => {
    expect(demands(nodeOf(1, 0), [jobOf('1-1', { cpu: 0.001, hint: 'cpujob' })])[0]).toBe(1);
  });

  test('nothing known when its node is not in the map', () => {
    expect(demands(nodeOf(2), [jobOf('1-1', { where: 9 })])).toEqual([]);
  });
});
