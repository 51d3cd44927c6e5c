import { describe, expect, it } from 'vitest';
import { exploreLeases, leaseMutants, leaseRules } from './lease-model.js';

describe('leases', () => {
  it('never let two of a job run: every order of cuts, deaths, restarts and late messages', () => {
    const { states, violation } = exploreLeases(leaseRules, 8);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(10_000);
  });

  it.each(Object.entries(leaseMutants))('the model catches: %s', (_name, rules) => {
    const { violation } = exploreLeases(rules, 15);
    expect(violation?.invariant).toBe('at most one of it runs');
    expect(violation?.trace.length).toBeGreaterThan(2);
  });
});
