import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/core/json-text.js';

describe('parseJson', () => {
  test('reads what JSON.parse reads, also behind a byte order mark', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(`\uFEFF${text}`)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  test.each([
    ['', 1, 1, 'the text ends where a value should follow'],
    ['{\n  "a": 1,\n}', 3, 1, "'}' stands where a name in double quotes should"],
    ['{"a" 1}', 1, 6, "'1' stands where : should"],
    ['[1 2]', 1, 4, "'2' stands where , or ] should"],
    ['[1,]', 1, 4, "']' stands where a value should"],
    ['{"a": [1, {"b": tru}]}', 1, 17, "'t' stands where a value should"],
    ['{"a": "no end\n"}', 1, 7, 'a string that does not end on its line'],
    ['{"a": "\\x"}', 1, 7, 'an escape that JSON does not have'],
    ["{'a': 1}", 1, 2, `''' stands where a name in double quotes or } should`],
    ['[1] x', 1, 5, "'x' stands where nothing more should"],
    ['{"a": 1 "b": 2}', 1, 9, 'a string stands where , or } should'],
    ['[01]', 1, 3, "'1' stands where , or ] should"],
    ['[1}', 1, 3, "'}' stands where , or ] should"],
    ['{\r\n"a":\u0001}', 2, 5, 'character 1 stands where a value should'],
  ])('%j: line %d, column %d, %s', (text, line, column, message) => {
    expect(parseJson(text)).toEqual({
      ok: false,
      line,
      column,
      message: expect.stringContaining(message) as string,
    });
  });

  test('finds a place in any text that JSON.parse refuses', () => {
    const token = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-', 'null', ' ', '\n', 'x');
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        const text = tokens.join('');
        const answer = parseJson(text);
        if (answer.ok) return;
        const lines = text.split('\n');
        expect(answer.line).toBeLessThanOrEqual(lines.length);
        expect(answer.column).toBeLessThanOrEqual(lines[answer.line - 1]!.length + 1);
      }),
    );
  });

  test('is not overrun by depth or length', () => {
    expect(parseJson('['.repeat(200_000)).ok).toBe(false);
    expect(parseJson(`["${'a'.repeat(4_000_000)}`).ok).toBe(false);
  });
});
