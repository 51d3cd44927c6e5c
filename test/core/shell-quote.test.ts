import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellJoin, shellQuote } from '../../src/core/shell-quote.js';

describe('shell words', () => {
  it.each([
    ['plain-1.2/x=y', 'plain-1.2/x=y'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['$HOME `id` \\ "', `'$HOME \`id\` \\ "'`],
    ['*', "'*'"],
    ['~', "'~'"],
    ['-\n-', "'-\n-'"],
  ])('%j is quoted %j', (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });

  it('reach a real sh unchanged', () => {
    const character = fc.constantFrom(...Array.from('ab \'"\\$`*?[~#;&|<>(){}!\n\t=%-ü'));
    const words = fc.array(fc.string({ unit: character, maxLength: 6 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, (given) => {
        const line = `printf '%s\\0' ${shellJoin(given)}`;
        const printed = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' });
        expect(printed.split('\0').slice(0, -1)).toEqual(given);
      }),
      { numRuns: 40 },
    );
  });
});
