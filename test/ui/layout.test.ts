import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawBars } from '../../src/ui/bars.js';
import { drawJobs } from '../../src/ui/jobs-pane.js';
import { barsInput, isTooSmall, planLayout } from '../../src/ui/layout.js';
import { initialState, jobsOf, receive, selectedJob, type MonitorState } from '../../src/ui/monitor-state.js';
import { rowWidth } from '../../src/ui/row.js';
import { createTheme } from '../../src/ui/theme.js';
import { livelySnapshot } from './lively-cluster.js';

const theme = createTheme({ LANG: 'C.UTF-8' });

const states = fc
  .record({
    columns: fc.integer({ min: 40, max: 250 }),
    rows: fc.integer({ min: 10, max: 80 }),
    nodes: fc.integer({ min: 1, max: 220 }),
    jobs: fc.integer({ min: 0, max: 60 }),
    tick: fc.nat(50),
    showJobs: fc.boolean(),
    showTotals: fc.boolean(),
    showDead: fc.boolean(),
    numbering: fc.constantFrom('wide', 'vertical', 'tight', 'automatic'),
    view: fc.constantFrom('load', 'logLoad', 'memory', 'rawMemory', 'speed', 'util'),
    firstNode: fc.integer({ min: 1, max: 300 }),
  })
  .map(({ columns, rows, nodes, jobs, tick, ...settings }): MonitorState =>
    receive(initialState({ columns, rows }, settings), livelySnapshot(nodes, jobs, tick, 0)),
  );

describe('on any terminal from 40x10', () => {
  test('the panes share what lies between header and bottom line, and leave the last row free', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { bars, jobs, body, gapBelow, arrangement } = planLayout(state);
        expect(body.height + gapBelow + (state.showTotals ? 3 : 2)).toBe(state.size.rows - 1);
        const heights = (bars?.height ?? 0) + (jobs?.height ?? 0);
        const widths = (bars?.width ?? 0) + (jobs?.width ?? 0);
        if (arrangement === 'beside') expect(widths).toBeLessThan(body.width);
        else expect(heights).toBeLessThanOrEqual(body.height);
        expect(bars !== null || jobs !== null).toBe(true);
        expect(jobs !== null).toBe(state.showJobs);
      }),
    );
  });
  test('every pane has exactly the rows of its area, none wider than it', () => {
    fc.assert(
      fc.property(states, (state) => {
        const { bars, jobs } = planLayout(state);
        if (bars) {
          const rows = drawBars(barsInput(state, bars), theme);
          expect(rows).toHaveLength(bars.height);
          for (const row of rows) expect(rowWidth(row)).toBeLessThanOrEqual(bars.width);
        }
        if (jobs) {
          const rows = drawJobs(
            { ...jobs, jobs: jobsOf(state), selected: selectedJob(state), moves: state.moves },
            theme,
          );
          expect(rows).toHaveLength(jobs.height);
          for (const row of rows) expect(rowWidth(row)).toBeLessThanOrEqual(jobs.width);
        }
      }),
      { numRuns: 300 },
    );
  });
  test('smaller ones are told apart', () => {
    expect(isTooSmall({ columns: 40, rows: 10 })).toBe(false);
    expect(isTooSmall({ columns: 39, rows: 10 })).toBe(true);
    expect(isTooSmall({ columns: 200, rows: 9 })).toBe(true);
  });
});
