import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  altload,
  loadOf,
  lossOf,
  lossSlope,
  runnableOf,
  slowdown,
} from '../../../src/core/balance/altload.js';

const standard = { speed: 10_000, cpus: 1 };
const processors = fc.record({
  speed: fc.integer({ min: 500, max: 60_000 }),
  cpus: fc.integer({ min: 1, max: 64 }),
});

describe('altload', () => {
  test.each([
    [0, standard, 100],
    [100, standard, 100],
    [150, standard, 175],
    [200, standard, 300],
    [300, standard, 500],
    [800, standard, 1500],
    [25, { speed: 10_000, cpus: 4 }, 100],
    [100, { speed: 10_000, cpus: 4 }, 100],
    [125, { speed: 10_000, cpus: 4 }, 225],
    [250, { speed: 4000, cpus: 1 }, 250],
    [500, { speed: 4000, cpus: 1 }, 750],
  ])('of load %d on %o is %d', (load, node, expected) => {
    expect(altload(load, node)).toBeCloseTo(expected, 6);
  });

  test('is infinite beyond a load limit, and only beyond', () => {
    expect(altload(50, standard, [{ measured: 4, limit: 3 }])).toBe(Infinity);
    expect(altload(50, standard, [{ measured: 3, limit: 3 }])).toBe(100);
  });

  test('never falls when the load rises', () => {
    fc.assert(
      fc.property(processors, fc.nat(5000), fc.nat(500), (node, load, more) => {
        expect(altload(load + more, node)).toBeGreaterThanOrEqual(altload(load, node) - 1e-9);
      }),
    );
  });

  test('is what one more process adds to the slowdowns of all', () => {
    fc.assert(
      fc.property(processors, fc.double({ min: 0, max: 200, noNaN: true }), (node, running) => {
        const growth = lossOf(running + 1, node) - lossOf(running, node);
        const cost = altload(loadOf(running + 1, node), node);
        expect(Math.abs(cost / 100 - growth)).toBeLessThan(1e-6 * Math.max(1, growth));
      }),
    );
  });
});

test('no arrival costs less than the slope says', () => {
  const amount = fc.double({ min: 0, max: 50, noNaN: true });
  fc.assert(
    fc.property(processors, amount, amount, (node, running, more) => {
      const added = lossOf(running + more, node) - lossOf(running, node);
      expect(added).toBeGreaterThanOrEqual(more * lossSlope(running, node) - 1e-6);
    }),
  );
});

test('a load and its number of processes say the same', () => {
  fc.assert(
    fc.property(processors, fc.double({ min: 0, max: 500, noNaN: true }), (node, running) => {
      expect(runnableOf(loadOf(running, node), node)).toBeCloseTo(running, 6);
    }),
  );
});

test('a process slows down only when there are more processes than processors', () => {
  expect(slowdown(4, { speed: 10_000, cpus: 4 })).toBe(1);
  expect(slowdown(8, { speed: 10_000, cpus: 4 })).toBe(2);
  expect(slowdown(1, { speed: 4000, cpus: 1 })).toBe(2.5);
});
