import { describe, expect, test } from 'vitest';
import { defaultAdmin } from '../../src/core/admin.js';
import { meanOf, noStatistics, stepDecay, type DecayRates } from '../../src/core/decay.js';

/** The manual's example: mosctl setdecay 60 900 205. */
const rates: DecayRates = { decayinterval: 60, slowdecay: 900, fastdecay: 205 };

describe('stepDecay', () => {
  test('keeps 90 % of a slow job’s past and 20.5 % of a fast one’s, and adds the last interval in full', () => {
    const slow = stepDecay(stepDecay(noStatistics, 10, 'slow', rates), 4, 'slow', rates);
    const fast = stepDecay(stepDecay(noStatistics, 10, 'fast', rates), 4, 'fast', rates);
    expect(slow.sum).toBeCloseTo(10 * 0.9 + 4);
    expect(fast.sum).toBeCloseTo(10 * 0.205 + 4);
  });

  test('a steady job’s mean is what it does, whatever the rates', () => {
    for (const policy of ['slow', 'fast', 'none'] as const) {
      let past = noStatistics;
      for (let interval = 0; interval < 100; interval++) past = stepDecay(past, 0.7, policy, defaultAdmin);
      expect(meanOf(past)).toBeCloseTo(0.7);
    }
  });

  test('after a change the fast one follows first, and none forgets nothing', () => {
    const follow = (policy: 'slow' | 'fast' | 'none'): number => {
      let past = noStatistics;
      for (let interval = 0; interval < 200; interval++) {
        past = stepDecay(past, interval < 100 ? 1 : 0, policy, defaultAdmin);
      }
      return meanOf(past);
    };
    expect(follow('fast')).toBeLessThan(follow('slow'));
    expect(follow('slow')).toBeLessThan(follow('none'));
    expect(follow('none')).toBeCloseTo(0.5);
  });

  test('there is no mean before the first interval', () => expect(meanOf(noStatistics)).toBe(0));
});
