import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.js';
import { pathOfText } from '../../../src/jobs/staging/byte-path.js';
import { compilePatterns } from '../../../src/jobs/staging/glob.js';

const includes = (pattern: string, path: string): boolean =>
  compilePatterns([pattern]).includes(pathOfText(path));

describe('a pattern', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'a/b/c', true],
    ['a', 'ab', false],
    ['a/', 'a', true],
    ['./a', 'a', true],
    ['.', 'anything/at/all', true],
    ['*.csv', 'x.csv', true],
    ['*.csv', '.csv', true],
    ['*.csv', 'd/x.csv', false],
    ['*.csv', 'x.csv/inside', true],
    ['**/*.csv', 'x.csv', true],
    ['**/*.csv', 'd/e/x.csv', true],
    ['d/**/x', 'd/x', true],
    ['d/**/x', 'd/e/f/x', true],
    ['d/**/x', 'e/x', false],
    ['d/**', 'd', true],
    ['d/**', 'd/e/f', true],
    ['**', 'a/b', true],
    ['*', 'a/b', true],
    ['*/c', 'a/b', false],
    ['?', 'a', true],
    ['?', 'ü', true],
    ['?', '日', true],
    ['?', 'ab', false],
    ['??', 'ab', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXbX', false],
    ['[a]', '[a]', true],
    ['[a]', 'a', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a\\', true],
    ["it's (1) $x", "it's (1) $x", true],
    ['*\n*', 'a\nb', true],
    ['a.b', 'axb', false],
  ])('%j and %j: %s', (pattern, path, expected) => {
    expect(includes(pattern, path)).toBe(expected);
  });

  it.each(['/etc', '../x', 'a/../b', ''])('%j is refused', (pattern) => {
    expect(() => compilePatterns([pattern])).toThrow(UsageError);
  });

  it('matches stray bytes one by one', () => {
    expect(compilePatterns(['??']).includes('\xff\xfe')).toBe(true);
  });

  it('is quick, whatever it is', () => {
    const selection = compilePatterns([`${'*a'.repeat(100)}b`, `${'**/a/'.repeat(50)}b`]);
    expect(selection.includes('a'.repeat(250))).toBe(false);
    expect(selection.includes(`${'a/'.repeat(1000)}c`)).toBe(false);
  });
});

describe('a selection', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.x'), minLength: 1, maxLength: 3 });
  const part = fc.oneof(name, fc.constant('**'));
  const isPlain = (each: string): boolean => each !== '.' && each !== '..';
  const path = fc.array(name.filter(isPlain), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const pattern = fc
    .array(part.filter(isPlain), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));

  /** The obvious way, as a regular expression. */
  const oracle = (text: string): RegExp => {
    const source = text.split('/').reduce((sum, each, index, all) => {
      if (each === '**') return `${sum}(?:[^/]+/)*`;
      const body = Array.from(each).map((char) =>
        char === '*' ? '[^/]*' : char === '?' ? '[^/]' : char.replace('.', '\\.'),
      );
      return `${sum}${body.join('')}${index === all.length - 1 ? '' : '/'}`;
    }, '');
    return new RegExp(`^${source}${text.endsWith('**') ? '' : '(?:$|/)'}`);
  };

  it('agrees with the obvious way', () => {
    fc.assert(
      fc.property(pattern, path, (text, at) => {
        fc.pre(!text.endsWith('**'));
        expect(includes(text, at)).toBe(oracle(text).test(at));
      }),
      { numRuns: 3000 },
    );
  });

  it('never says that a folder may not contain what it includes', () => {
    fc.assert(
      fc.property(pattern, path, (text, at) => {
        const selection = compilePatterns([text]);
        fc.pre(selection.includes(at));
        const parts = at.split('/');
        for (let length = 1; length < parts.length; length++)
          expect(selection.mayContain(parts.slice(0, length).join('/'))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not look into folders that cannot hold anything it includes', () => {
    const selection = compilePatterns(['in/*.csv']);
    expect(selection.mayContain('in')).toBe(true);
    expect(selection.mayContain('out')).toBe(false);
    expect(selection.mayContain('in/x.csv')).toBe(true);
    expect(selection.mayContain('in/deep')).toBe(false);
  });

  it('is everything without patterns and nothing with none', () => {
    expect(compilePatterns(null).includes('a')).toBe(true);
    expect(compilePatterns([]).includes('a')).toBe(false);
  });
});
