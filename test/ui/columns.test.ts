import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planColumns, type Numbering } from '../../src/ui/columns.js';

describe('the numbers below the bars', () => {
  test.each<[Numbering, number, number, string, number]>([
    ['automatic', 6, 70, 'horizontal', 11],
    ['automatic', 30, 70, 'vertical', 2],
    ['automatic', 60, 70, 'vertical', 1],
    ['automatic', 99, 70, 'horizontal', 3],
    ['wide', 99, 70, 'horizontal', 3],
    ['vertical', 99, 70, 'vertical', 2],
    ['tight', 99, 70, 'vertical', 1],
    ['tight', 6, 70, 'vertical', 1],
  ])('%s, %d nodes in %d cells: %s, %d wide', (numbering, count, width, orientation, columnWidth) => {
    const plan = planColumns(numbering, count, 2, width);
    expect(plan.orientation).toBe(orientation);
    expect(plan.columnWidth).toBe(columnWidth);
  });

  test('what is said to fit does fit, and bars are as wide as their column or narrower', () => {
    const numberings = fc.constantFrom<Numbering>('wide', 'vertical', 'tight', 'automatic');
    fc.assert(
      fc.property(
        numberings,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 20, max: 300 }),
        (numbering, count, width) => {
          const digits = String(count).length;
          const plan = planColumns(numbering, count, digits, width);
          expect(plan.capacity * plan.columnWidth).toBeLessThanOrEqual(width);
          expect(plan.barWidth).toBeGreaterThan(0);
          expect(plan.barWidth).toBeLessThanOrEqual(plan.columnWidth);
          if (plan.orientation === 'horizontal') expect(plan.columnWidth).toBeGreaterThan(digits);
        },
      ),
    );
  });
});
