import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effectiveProcessors } from '../../src/core/effective-speed.js';

test.each([
  [10_000, 2, null, { cpus: 2, speed: 10_000 }],
  [10_000, 2, 0.2, { cpus: 1, speed: 2000 }],
  [10_000, 2, 8, { cpus: 2, speed: 10_000 }],
  [10_000, 8, 1.5, { cpus: 2, speed: 7500 }],
  [10_000, 8, 1.2, { cpus: 1, speed: 12_000 }],
  [9000, 8, 4, { cpus: 4, speed: 9000 }],
])('speed %d, %d processors, quota %s → %o', (speed, allowed, quota, expected) => {
  expect(effectiveProcessors(speed, allowed, quota)).toEqual(expected);
});

test('no power is lost or made up', () => {
  const quota = fc.option(fc.double({ min: 0.01, max: 200, noNaN: true }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1000, max: 60_000 }),
      fc.integer({ min: 1, max: 128 }),
      quota,
      (speed, allowed, q) => {
        const { cpus, speed: effective } = effectiveProcessors(speed, allowed, q);
        const power = speed * Math.min(allowed, q ?? allowed);
        expect(Number.isInteger(cpus)).toBe(true);
        expect(Math.abs(cpus * effective - power)).toBeLessThanOrEqual(cpus * 0.5 + 1);
      },
    ),
  );
});
