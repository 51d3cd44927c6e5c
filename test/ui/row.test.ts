import { describe, expect, test } from 'vitest';
import { fitRow, paint, rowWidth, spread, type Row } from '../../src/ui/row.js';
import { createTheme } from '../../src/ui/theme.js';

const coloured = createTheme({ LANG: 'C.UTF-8', TERM: 'xterm-256color' });
const row: Row = [
  ['bar', 'ab'],
  ['plain', 'cd'],
  ['dim', 'ef'],
];
const text = (cut: Row): string => cut.map(([, part]) => part).join('');

describe('a row of the screen', () => {
  test('is cut in the middle of a piece, and says so', () => {
    expect(text(fitRow(row, 6, '…'))).toBe('abcdef');
    expect(text(fitRow(row, 5, '…'))).toBe('abcd…');
    expect(text(fitRow(row, 4, '…'))).toBe('abc…');
    expect(text(fitRow(row, 1, '…'))).toBe('…');
  });

  test('keeps its right end while the left gives way', () => {
    expect(text(spread([['plain', 'left']], [['plain', 'right']], 12, '…'))).toBe('left   right');
    expect(text(spread([['plain', 'left']], [['plain', 'right']], 8, '…'))).toBe('l… right');
    expect(rowWidth(spread([['plain', 'left']], [['plain', 'right']], 4, '…'))).toBe(4);
  });

  test('shares an escape sequence among neighbours of one style, and ends plain', () => {
    expect(
      paint(
        [
          ['bar', 'a'],
          ['bar', 'b'],
          ['plain', 'c'],
          ['dead', 'd'],
        ],
        coloured,
      ),
    ).toBe('\u001b[38;5;33mab\u001b[0mc\u001b[1;38;5;208md\u001b[0m');
    expect(paint([['plain', 'a']], coloured)).toBe('a');
  });
});
