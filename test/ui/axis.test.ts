import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearAxis, logAxis } from '../../src/ui/axis.js';

const label = () => String;

describe('a value axis', () => {
  test.each([
    [418, 5, 500, ['0', '100', '200', '300', '400', '500']],
    [100, 5, 100, ['0', '20', '40', '60', '80', '100']],
    [142, 1, 150, ['0', '150']],
    [21_500, 2, 25_000, ['0', '25000']],
  ])('to %d with %d ticks ends at %d', (max, ticks, top, labels) => {
    const axis = linearAxis(max, ticks, label);
    expect(axis.top).toBe(top);
    expect(axis.ticks.map((tick) => tick.label)).toEqual(labels);
  });

  test('holds every value, with its highest tick at the top and not much room above', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 8 }),
        (max, ticks) => {
          const axis = linearAxis(max, ticks, label);
          expect(axis.top).toBeGreaterThanOrEqual(max * (1 - 1e-9));
          expect(axis.top).toBeLessThanOrEqual(max * 2.01 + 1);
          expect(axis.ticks.length - 1).toBeLessThanOrEqual(Math.max(1, ticks));
          expect(axis.fraction(axis.ticks.at(-1)!.value)).toBeCloseTo(1);
          expect(axis.fraction(max * 5)).toBe(1);
          expect(axis.fraction(-1)).toBe(0);
        },
      ),
    );
  });

  test('on a logarithmic axis each decade is as high as the next', () => {
    const axis = logAxis(1, 142, 5, String);
    expect(axis.ticks.map((tick) => tick.label)).toEqual(['1', '10', '100', '1000']);
    expect(axis.fraction(10)).toBeCloseTo(1 / 3);
    expect(axis.fraction(100)).toBeCloseTo(2 / 3);
    expect(axis.fraction(0)).toBe(0);
  });
});
