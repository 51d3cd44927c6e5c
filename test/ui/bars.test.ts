import { describe, expect, test } from 'vitest';
import { drawBars, scrollRange, type BarsInput } from '../../src/ui/bars.js';
import { createTheme } from '../../src/ui/theme.js';
import { aNode } from './cluster-fixture.js';

const theme = createTheme({ LANG: 'C.UTF-8' });
const input: BarsInput = {
  view: 'load',
  numbering: 'wide',
  nodes: Array.from({ length: 99 }, (_, i) => aNode(i + 1)),
  firstNode: 1,
  highest: 100,
  self: 1,
  jobs: [],
  pointedAt: null,
  width: 80,
  height: 20,
};
const text = (more: Partial<BarsInput>): string =>
  drawBars({ ...input, ...more }, theme)
    .map((row) => row.map(([, part]) => part).join(''))
    .join('\n');

describe('the bar chart', () => {
  test('begins with the wanted node, and never leaves room at its right end empty', () => {
    expect(text({ firstNode: 30 })).toMatch(/nodes 30 to \d+ of 99/);
    expect(text({ firstNode: 99 })).toMatch(/nodes \d+ to 99 of 99/);
    expect(scrollRange({ ...input, firstNode: 99 }).first).toBe(99 - scrollRange(input).capacity);
    expect(text({ firstNode: 500 })).toEqual(text({ firstNode: 99 }));
  });
  test('a number that no node has begins with the next one', () => {
    const nodes = input.nodes.filter(({ node }) => node < 30 || node > 34);
    expect(text({ nodes, firstNode: 31 })).toMatch(/nodes 35 to/);
  });
  test('the dearest rows go last when it gets low: numbers stay, then jobs, marks and names', () => {
    const nodes = [aNode(1, {}, { block: true, guests: 2 }), aNode(2)];
    expect(text({ nodes, height: 20 })).toMatch(/jobs.*\n.*block.*\n.*pc-1/);
    expect(text({ nodes, height: 6 })).not.toMatch(/pc-1/);
    expect(text({ nodes, height: 3 })).toMatch(/1 +2 *$/);
  });
  test('marks, jobs and numbers of a node stand over each other', () => {
    const rows = text({ nodes: [aNode(1), aNode(2, {}, { guests: 1 }), aNode(3)] }).split('\n');
    const column = rows.find((row) => row.includes('jobs'))?.indexOf('○') ?? -1;
    expect(rows.find((row) => /^ +1 +2 +3 *$/.test(row))?.indexOf('2')).toBe(column);
  });
});
