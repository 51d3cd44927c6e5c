import { describe, expect, test } from 'vitest';
import { createTheme } from '../../../src/ui/theme.js';
import { drawTop } from '../../../src/ui/top/draw.js';
import { topKeys } from '../../../src/ui/top/keys.js';
import { pressTop, type TopIntent } from '../../../src/ui/top/press.js';
import { initialTop, receiveTop, rowsOf, type TopState } from '../../../src/ui/top/top-state.js';
import { aJob, aSnapshot, sixNodes } from '../cluster-fixture.js';

const theme = createTheme({ LANG: 'C.UTF-8', TERM: 'xterm-256color' });
const jobs = [
  aJob(1, { where: 2, cpu: 0.2, rssKib: 900 }),
  aJob(2, { where: 3, cpu: 0.9, rssKib: 100, state: 'stopped' }),
  aJob(3, { cpu: 0.5, rssKib: 500, cantmove: ['it holds a device open'], driver: null }),
];
const guest = { job: '2-9', from: 2, pid: 77, cpu: 0.7, rssKib: 9000, command: 'a guest' };
const snapshot = aSnapshot(sixNodes(), jobs, [guest]);
const size = { columns: 80, rows: 24 };
const start = receiveTop(initialTop(size), snapshot);

function after(keys: readonly string[], state: TopState = start): { state: TopState; intents: TopIntent[] } {
  const intents: TopIntent[] = [];
  for (const key of keys) {
    const pressed = pressTop(state, key);
    ({ state } = pressed);
    if (pressed.intent) intents.push(pressed.intent);
  }
  return { state, intents };
}
const order = (state: TopState): string[] => rowsOf(state).map(({ job }) => job);
const screen = (state: TopState): string[] =>
  drawTop(state, theme).map((row) => row.map(([, text]) => text).join(''));

describe('the order', () => {
  test.each([
    ['', ['1-2', '2-9', '1-3', '1-1']],
    ['R', ['1-1', '1-3', '2-9', '1-2']],
    ['M', ['2-9', '1-1', '1-3', '1-2']],
    ['W', ['1-3', '2-9', '1-1', '1-2']],
    ['J', ['1-1', '1-2', '1-3', '2-9']],
    ['>', ['2-9', '1-1', '1-3', '1-2']],
    ['f', ['1-3']],
    ['ff', ['1-2', '1-1']],
    ['fff', ['2-9']],
    ['ffff', ['1-2', '2-9', '1-3', '1-1']],
  ])('after %j', (keys, wanted) => {
    expect(order(after(Array.from(keys)).state)).toEqual(wanted);
  });

  test('changes with the news, and the selected job goes along', () => {
    const { state } = after(['down', 'down']);
    expect(state.selected).toBe('1-3');
    const busier = receiveTop(
      state,
      aSnapshot(sixNodes(), [...jobs.slice(0, 2), { ...jobs[2]!, cpu: 2 }], [guest]),
    );
    expect(order(busier)[0]).toBe('1-3');
    expect(busier.selected).toBe('1-3');
  });

  test('a job that has gone hands the selection and the question on to its neighbour', () => {
    const { state } = after(['k']);
    expect(state.question).toMatchObject({ job: '1-2' });
    const next = receiveTop(state, aSnapshot(sixNodes(), [jobs[0]!, jobs[2]!], [guest]));
    expect(next).toMatchObject({ selected: '2-9', question: null });
  });
});

describe('what the keys ask for', () => {
  test.each<[string, readonly string[], TopIntent[]]>([
    ['s stops', ['s'], [{ intent: 'signal', job: '1-2', signal: 'SIGSTOP' }]],
    ['c continues', ['c'], [{ intent: 'signal', job: '1-2', signal: 'SIGCONT' }]],
    ['k Enter ends', ['k', 'enter'], [{ intent: 'signal', job: '1-2', signal: 'SIGTERM' }]],
    ['k 9 kills', ['k', '9', 'enter'], [{ intent: 'signal', job: '1-2', signal: 'SIGKILL' }]],
    ['k hup', ['k', 'h', 'u', 'p', 'enter'], [{ intent: 'signal', job: '1-2', signal: 'SIGHUP' }]],
    ['k Esc does nothing', ['k', '9', 'escape', 'enter'], [{ intent: 'redraw' }]],
    ['g 3 sends', ['g', '3', 'enter'], [{ intent: 'migrate', job: '1-2', to: 3 }]],
    ['g h sends home', ['g', 'h'], [{ intent: 'migrate', job: '1-2', to: 'home' }]],
    ['g b balances', ['g', 'b'], [{ intent: 'migrate', job: '1-2', to: 'balance' }]],
    ['g 99 asks nobody', ['g', '9', '9', 'enter'], []],
    ['a guest is sent home too', ['down', 'g', 'h'], [{ intent: 'migrate', job: '2-9', to: 'home' }]],
    ['a guest takes no signal', ['down', 's', 'k', 'enter'], [{ intent: 'redraw' }]],
  ])('%s', (_, keys, wanted) => {
    expect(after(keys).intents).toEqual(wanted);
  });

  test('every refusal says why', () => {
    expect(after(['down', 's']).state.message?.text).toMatch(/guest of node 2: only its home/);
    expect(after(['g', '9', '9', 'enter']).state.message?.text).toMatch(/no node 99 in the map/);
    expect(after(['s'], initialTop(size)).state.message?.text).toBe('no job is selected');
  });
});

describe('the screen', () => {
  test.each([
    [80, 24],
    [120, 40],
    [40, 10],
    [300, 60],
  ])('of %d by %d is filled and never wider or higher', (columns, rows) => {
    for (const keys of [[], ['h'], ['g', '3'], ['k'], ['down', 's']]) {
      const { state } = after(keys, { ...start, size: { columns, rows } });
      const lines = screen(state);
      expect(lines).toHaveLength(rows - 1);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });

  test('shows home and node of each job, own and guests', () => {
    const lines = screen(start).map((line) => line.trim().replace(/\s+/g, ' '));
    expect(lines[2]).toBe('JOB PID HOME WHERE STATE NMIGS CPU RSS COMMAND');
    expect(lines.find((line) => line.includes('2-9'))).toMatch(/^2-9 77 2 1 guest - 70% 8.8 MiB a guest/);
    expect(lines.find((line) => line.includes('1-2'))).toMatch(/1-2 \d+ 1 3 stopped/);
  });

  test('has every key in its help, wide and narrow', () => {
    for (const [columns, rows] of [
      [80, 24],
      [120, 40],
    ] as const) {
      const text = screen(after(['h'], { ...start, size: { columns, rows } }).state).join('\n');
      for (const { text: says } of topKeys) expect(text).toContain(says);
    }
  });

  test('says that it is too small, and that nothing runs', () => {
    expect(screen({ ...start, size: { columns: 30, rows: 8 } })).toEqual(['too small: needs 40x10']);
    expect(screen(receiveTop(initialTop(size), aSnapshot(sixNodes(), [], []))).join('\n')).toContain(
      'no jobs',
    );
  });
});
