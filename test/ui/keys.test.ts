import { describe, expect, test } from 'vitest';
import { bottomRows } from '../../src/ui/chrome.js';
import { drawHelp, helpPage } from '../../src/ui/help.js';
import { keyBindings } from '../../src/ui/keys.js';
import { initialState } from '../../src/ui/monitor-state.js';
import { rowWidth, type Row } from '../../src/ui/row.js';
import { createTheme } from '../../src/ui/theme.js';

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
