import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellsOf, centre, clean, padEnd, padStart, truncate, wrap } from '../../src/ui/cells.js';

describe('text in cells', () => {
  test.each([
    ['abc', 3],
    ['', 0],
    ['日本', 4],
    ['e\u0301', 1],
    ['▇│●→', 4],
    ['🚀', 2],
  ])('%j takes %i cells', (text, cells) => {
    expect(cellsOf(text)).toBe(cells);
  });

  test('what is cut says so, and is never wider than asked', () => {
    expect(truncate('abcdef', 4, '…')).toBe('abc…');
    expect(truncate('abcd', 4, '…')).toBe('abcd');
    expect(truncate('日本語', 4, '…')).toBe('日…');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, width) => {
        expect(cellsOf(truncate(clean(text), width, '…'))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('a long text breaks at blanks, and what is too much is cut', () => {
    expect(wrap('one two three', 8, 2, '…')).toEqual(['one two', 'three']);
    expect(wrap('one two three', 7, 1, '…')).toEqual(['one tw…']);
    expect(wrap('one two three four', 8, 2, '…')).toEqual(['one two', 'three f…']);
    expect(wrap('unbreakable', 5, 3, '…')).toEqual(['unbre', 'akabl', 'e']);
    fc.assert(
      fc.property(
        fc.lorem(),
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 1, max: 4 }),
        (text, width, most) => {
          const lines = wrap(text, width, most, '…');
          expect(lines.length).toBeLessThanOrEqual(most);
          for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test('padding counts cells', () => {
    expect(padEnd('日', 4)).toBe('日  ');
    expect(padStart('日', 4)).toBe('  日');
    expect(centre('ab', 5)).toBe(' ab  ');
  });

  test('no control character of a command reaches the terminal', () => {
    expect(clean('a\u001b[2Jb\tc\u009bd\u202ee')).toBe('a?[2Jb c?d?e');
    expect(clean('grüße', false)).toBe('gr??e');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(clean(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
