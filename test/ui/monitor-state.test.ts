import { describe, expect, test } from 'vitest';
import { initialState, jobsOf, receive, selectedJob, shownNodes } from '../../src/ui/monitor-state.js';
import { aJob, aNode, aSnapshot, sixNodes } from './cluster-fixture.js';

const size = { columns: 80, rows: 24 };
const start = initialState(size, { showJobs: true });
const three = aSnapshot(sixNodes(), [aJob(10), aJob(2), aJob(1)]);

describe('when a snapshot comes', () => {
  test('the first job is selected; jobs stand in the order of their births', () => {
    const state = receive(start, three);
    expect(jobsOf(state).map(({ job }) => job)).toEqual(['1-1', '1-2', '1-10']);
    expect(state.selected).toBe('1-1');
  });
  test('the selected job stays selected wherever it stands', () => {
    const state = receive(
      { ...receive(start, three), selected: '1-10' },
      aSnapshot([], [aJob(10), aJob(11)]),
    );
    expect(selectedJob(state)?.job).toBe('1-10');
  });
  test('when it has gone, the one in its place is selected, and nothing is sent any more', () => {
    const before = { ...receive(start, three), selected: '1-2', choosing: { job: '1-2', typed: '3' } };
    const state = receive(before, aSnapshot([], [aJob(1), aJob(10)]));
    expect(state.selected).toBe('1-10');
    expect(state.choosing).toBeNull();
    expect(receive(before, aSnapshot([], [])).selected).toBeNull();
  });
  test('a guest is listed behind the own jobs, and an own job that is here is not listed twice', () => {
    const guests = [
      { job: '2-9', from: 2, pid: 1, cpu: 0, rssKib: 1, command: 'x' },
      { job: '1-1', from: 1, pid: 2, cpu: 0, rssKib: 1, command: 'y' },
    ];
    const rows = jobsOf(receive(start, aSnapshot([], [aJob(1)], guests)));
    expect(rows.map(({ job, state }) => [job, state])).toEqual([
      ['1-1', 'running'],
      ['2-9', 'guest'],
    ]);
  });
  test('the axis grows at once and sinks slowly', () => {
    const high = receive(start, aSnapshot([aNode(1, {}, { load: 900 })]));
    expect(high.peaks.load).toBe(900);
    const low = receive(high, aSnapshot([aNode(1, {}, { load: 10 })]));
    expect(low.peaks.load).toBeLessThan(900);
    expect(low.peaks.load).toBeGreaterThan(700);
  });
  test('news end trouble', () => {
    expect(receive({ ...start, trouble: 'mosd has ended' }, three).trouble).toBeNull();
  });
});

test('dead nodes are shown only when asked for, all in the order of their numbers', () => {
  const nodes = sixNodes().toReversed();
  const state = receive(start, aSnapshot(nodes));
  expect(shownNodes(state).map(({ node }) => node)).toEqual([1, 2, 3, 5, 6]);
  expect(shownNodes({ ...state, showDead: true }).map(({ node }) => node)).toEqual([1, 2, 3, 4, 5, 6]);
});
