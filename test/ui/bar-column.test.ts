import { describe, expect, test } from 'vitest';
import { linearAxis } from '../../src/ui/axis.js';
import { drawColumn } from '../../src/ui/bar-column.js';
import { planColumns } from '../../src/ui/columns.js';
import { createTheme } from '../../src/ui/theme.js';
import type { Reading } from '../../src/ui/views.js';

const { glyphs } = createTheme({ LANG: 'C.UTF-8' });
const axis = linearAxis(100, 5, () => String);

/** The column from its top, without blanks. */
function column(reading: Reading, width = 3, height = 5): readonly string[] {
  const plan = planColumns('vertical', 1, 1, width);
  const spans = drawColumn({ reading, axis, plan, height, headroom: 0, style: 'bar', glyphs });
  return spans.map((span) => span?.[1].trim() ?? '');
}
const value = (reading: number, total?: number): Reading => ({
  kind: 'value',
  value: reading,
  label: 'xyz',
  ...(total === undefined ? {} : { total }),
});

describe('the bar of one node', () => {
  test('is as high as its value, to the eighth of a cell', () => {
    expect(column(value(50), 2)).toEqual(['', '', '▄', '█', '█']);
    expect(column(value(100), 2)).toEqual(['█', '█', '█', '█', '█']);
    expect(column(value(400), 2)).toEqual(['█', '█', '█', '█', '█']);
    expect(column(value(22.5), 2)).toEqual(['', '', '', '▁', '█']);
  });
  test('is seen however small its value is, and not at all at zero', () => {
    expect(column(value(0.01), 2)).toEqual(['', '', '', '', '▁']);
    expect(column(value(0), 2)).toEqual(['', '', '', '', '']);
  });
  test('of memory has a + in every cell up to the total', () => {
    expect(column(value(30, 80), 2)).toEqual(['', '+', '+', '▄', '█']);
  });
  test('carries its value above it where the column is wide enough', () => {
    expect(column(value(60), 4)).toEqual(['', 'xyz', '███', '███', '███']);
    expect(column({ kind: 'value', value: 60, label: 'long' }, 4)).toEqual(['', '', '███', '███', '███']);
  });
  test('of a dead node is the word, standing on the floor; of it what fits', () => {
    expect(column({ kind: 'dead' })).toEqual(['', 'D', 'E', 'A', 'D']);
    expect(column({ kind: 'dead' }, 3, 2)).toEqual(['D', 'E']);
    expect(column({ kind: 'waiting' })).toEqual(['', 'w', 'a', 'i', 't']);
  });
});
