import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText } from '../../src/core/plain-text.js';

test.each([
  ['\u001b]0;title\u0007\u001b[2Jgone', '?]0;title??[2Jgone'],
  ['two\nlines', 'two\nlines'],
  ['ü 漢 🙂', 'ü 漢 🙂'],
  ['abc\u202egpj.exe', 'abc?gpj.exe'],
])('%j is shown as %j', (text, shown) => {
  expect(plainText(text, 100)).toBe(shown);
});

test('of any text nothing is left that a terminal would obey, and no more than was allowed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(50), (text, most) => {
      const plain = plainText(text, most);
      expect(plain).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      expect(plain.length).toBeLessThanOrEqual(most);
    }),
  );
});
