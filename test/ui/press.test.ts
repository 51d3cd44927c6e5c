import { describe, expect, test } from 'vitest';
import { initialState, receive, type MonitorState } from '../../src/ui/monitor-state.js';
import { press, type Intent } from '../../src/ui/press.js';
import { aJob, aNode, aSnapshot, sixNodes } from './cluster-fixture.js';

const snapshot = aSnapshot(sixNodes(), [aJob(1), aJob(2), aJob(3)]);
const start = receive(initialState({ columns: 80, rows: 24 }), snapshot);
const withJobs: MonitorState = { ...start, showJobs: true };

function pressAll(state: MonitorState, keys: readonly string[]): { state: MonitorState; intents: Intent[] } {
  const intents: Intent[] = [];
  for (const key of keys) {
    const pressed = press(state, key);
    state = pressed.state;
    if (pressed.intent) intents.push(pressed.intent);
  }
  return { state, intents };
}

describe('keys of openMosix', () => {
  test.each([
    ['l', { view: 'load' }],
    ['L', { view: 'logLoad' }],
    ['m', { view: 'memory' }],
    ['r', { view: 'rawMemory' }],
    ['s', { view: 'speed' }],
    ['u', { view: 'util' }],
    ['w', { numbering: 'wide' }],
    ['v', { numbering: 'vertical' }],
    ['V', { numbering: 'tight' }],
    ['a', { numbering: 'automatic' }],
    ['d', { showDead: true }],
    ['t', { showTotals: true }],
    ['j', { showJobs: true }],
    ['h', { help: 0 }],
  ])('%s', (key, changed) => {
    expect(press({ ...start, view: 'util', numbering: 'tight' }, key).state).toMatchObject(changed);
  });

  test.each([
    ['d', 'showDead'],
    ['t', 'showTotals'],
    ['j', 'showJobs'],
  ] as const)('%s again takes it back', (key, field) => {
    expect(pressAll(start, [key, key]).state[field]).toBe(false);
  });

  test.each([
    ['q', { intent: 'quit', interrupted: false }],
    ['Q', { intent: 'quit', interrupted: false }],
    ['ctrl-c', { intent: 'quit', interrupted: true }],
    ['ctrl-z', { intent: 'suspend' }],
    ['enter', { intent: 'redraw' }],
    ['ctrl-l', { intent: 'redraw' }],
  ])('%s asks for %j, in the help and while choosing too', (key, intent) => {
    expect(press(start, key).intent).toEqual(intent);
    expect(press({ ...start, help: 0 }, key).intent).toEqual(intent);
    if (key.startsWith('ctrl-') && key !== 'ctrl-l') {
      expect(press({ ...withJobs, choosing: { job: '1-1', typed: '' } }, key).intent).toEqual(intent);
    }
  });

  test('an unknown key does nothing but take the message away', () => {
    const state = { ...start, message: { kind: 'info', text: 'x' } as const };
    expect(press(state, 'x')).toEqual({ state: { ...start, message: null }, intent: null });
  });
});

describe('scrolling', () => {
  const many = aSnapshot(Array.from({ length: 99 }, (_, i) => aNode(i + 1)));
  const wide = receive(initialState({ columns: 80, rows: 24 }, { numbering: 'wide' }), many);
  const firsts = (keys: readonly string[]): number => pressAll(wide, keys).state.firstNode;

  test('n and right go on by one node, p and left back, never past an end', () => {
    expect(firsts(['n'])).toBe(2);
    expect(firsts(['right', 'right'])).toBe(3);
    expect(firsts(['n', 'n', 'p'])).toBe(2);
    expect(firsts(['left', 'p'])).toBe(1);
    const last = firsts(['end']);
    expect(last).toBeGreaterThan(70);
    expect(firsts(['end', 'n', 'n'])).toBe(last);
    expect(firsts(['end', 'n', 'p'])).toBe(last - 1);
    expect(firsts(['end', 'home'])).toBe(1);
  });
  test('a page goes by as many nodes as fit', () => {
    const page = firsts(['pagedown']);
    expect(page).toBeGreaterThan(10);
    expect(firsts(['pagedown', 'pageup'])).toBe(1);
  });
  test('nothing scrolls where all fit', () => {
    expect(pressAll(start, ['n', 'n']).state.firstNode).toBe(1);
  });
});

describe('sending a job', () => {
  test('up and down select, and stop at the ends', () => {
    expect(pressAll(withJobs, ['down']).state.selected).toBe('1-2');
    expect(pressAll(withJobs, ['down', 'down', 'down', 'down', 'up']).state.selected).toBe('1-2');
    expect(pressAll(withJobs, ['end', 'home']).state.selected).toBe('1-1');
    expect(pressAll(start, ['down']).state.selected).toBe('1-1');
  });
  test.each([
    [['g', '3', 'enter'], 3],
    [['g', '1', '2', 'backspace', 'backspace', '5', 'enter'], 5],
    [['g', 'h'], 'home'],
    [['g', 'b'], 'balance'],
  ])('%j sends the selected job', (keys, to) => {
    const { state, intents } = pressAll(withJobs, ['down', ...keys]);
    expect(intents).toEqual([{ intent: 'migrate', job: '1-2', to }]);
    expect(state.choosing).toBeNull();
    expect(state.message?.text).toContain('1-2');
  });
  test.each([[['g', 'escape']], [['g', 'q']], [['g', 'enter', 'escape']], [['g', 'm', 'escape']]])(
    '%j sends nothing, and changes no view',
    (keys) => {
      const { state, intents } = pressAll(withJobs, keys);
      expect(intents).toEqual([]);
      expect(state.choosing).toBeNull();
      expect(state.view).toBe('load');
    },
  );
  test('a number that no node has is refused here', () => {
    const { state, intents } = pressAll(withJobs, ['g', '7', '7', 'enter']);
    expect(intents).toEqual([]);
    expect(state.message).toEqual({ kind: 'problem', text: '1-1 stays: there is no node 77 in the map' });
  });
  test('the chosen job is the one that was selected when choosing began', () => {
    const choosing = pressAll(withJobs, ['g']).state;
    const { intents } = pressAll({ ...choosing, selected: '1-3' }, ['2', 'enter']);
    expect(intents).toMatchObject([{ job: '1-1', to: 2 }]);
  });
  test('without jobs there is nothing to send, and without the pane it opens first', () => {
    expect(pressAll({ ...receive(start, aSnapshot([])), showJobs: true }, ['g']).state.message?.text).toBe(
      'no job to send',
    );
    const { state } = pressAll(start, ['g']);
    expect([state.showJobs, state.choosing]).toEqual([true, null]);
  });
});

describe('the help', () => {
  const help = press(start, 'h').state;
  test('scrolls no further than its end', () => {
    const end = pressAll(help, ['end']).state.help ?? 0;
    expect(end).toBeGreaterThan(0);
    expect(pressAll(help, ['down']).state.help).toBe(1);
    expect(pressAll(help, ['end', 'down']).state.help).toBe(end);
    expect(pressAll(help, ['up']).state.help).toBe(0);
  });
  test('is left by h and Esc, and by a key that shows something else', () => {
    for (const key of ['h', 'escape'])
      expect(press(help, key).state).toMatchObject({ help: null, view: 'load' });
    expect(press(help, 'm').state).toMatchObject({ help: null, view: 'memory' });
  });
});
