import { describe, expect, test } from 'vitest';
import { bottomRows } from '../../src/ui/chrome.js';
import { drawHelp, helpPage } from '../../src/ui/help.js';
import { keyBindings, keyNames, type PressedKey } from '../../src/ui/keys.js';
import { initialState } from '../../src/ui/monitor-state.js';
import { rowWidth, type Row } from '../../src/ui/row.js';
import { createTheme } from '../../src/ui/theme.js';

const none: PressedKey = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  return: false,
  escape: false,
  ctrl: false,
  meta: false,
  backspace: false,
  delete: false,
};
const theme = createTheme({ LANG: 'C.UTF-8' });
const text = (row: Row): string => row.map(([, part]) => part).join('');

describe('the table of keys', () => {
  test('gives no key two meanings', () => {
    const keys = keyBindings.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
  test("has openMosix's option letters", () => {
    const options = keyBindings.flatMap(({ option }) => option ?? []);
    expect(options.toSorted()).toEqual(['L', 'V', 'a', 'd', 'l', 'm', 'r', 's', 't', 'u', 'v', 'w']);
  });
  test.each([40, 80, 120])('is in the help as a whole, at %i columns', (columns) => {
    const size = { columns, rows: 10 };
    const pages: string[] = [];
    for (let line = 0; line <= helpPage(size).last; line++)
      pages.push(...drawHelp(size, line, theme).map(text));
    const help = pages.join('\n');
    for (const { shown, text: sentence } of keyBindings) {
      expect(help).toContain(` ${shown} `);
      expect(help).toContain(sentence.slice(0, 25));
    }
  });
  test.each([40, 60, 80, 120])(
    'gives a bottom line of at most %i columns that always has help and quit',
    (columns) => {
      for (const showJobs of [true, false]) {
        const [row = []] = bottomRows(initialState({ columns, rows: 24 }, { showJobs }), 2, theme);
        expect(rowWidth(row)).toBeLessThanOrEqual(columns);
        expect(text(row)).toMatch(/h help.*q quit/);
        expect(text(row).includes('send')).toBe(showJobs);
      }
    },
  );
});

describe('key presses by name', () => {
  test.each([
    ['', { ...none, leftArrow: true }, ['left']],
    ['', { ...none, pageDown: true }, ['pagedown']],
    ['\r', { ...none, return: true }, ['enter']],
    ['', { ...none, escape: true, meta: true }, ['escape']],
    ['', { ...none, backspace: true }, ['backspace']],
    ['c', { ...none, ctrl: true }, ['ctrl-c']],
    ['L', none, ['L']],
    ['x', { ...none, meta: true }, []],
    ['12\r', none, ['1', '2', 'enter']],
    ['g\u007f\u0003', none, ['g', 'backspace', 'ctrl-c']],
  ])('%j', (input, key, names) => {
    expect(keyNames(input, key)).toEqual(names);
  });
});
