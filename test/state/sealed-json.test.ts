import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSealed, parseSealed } from '../../src/state/sealed-json.js';

const record = { format: 1, job: '1-17', generation: 3, name: 'ü "quoted"', list: [1, 2, null] };

describe('a sealed record', () => {
  test('comes back as it was, and is JSON for whoever else reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = formatSealed(value);
        expect(parseSealed(text)).toEqual({ ok: true, value: JSON.parse(JSON.stringify(value)) as unknown });
        expect(JSON.parse(text)).toHaveProperty('value');
      }),
    );
  });

  test('with any one character changed, or cut off anywhere, it is damaged or the same', () => {
    const text = formatSealed(record);
    for (let at = 0; at < text.length; at++) {
      for (const other of ['0', '7', 'a', '"', '}', ' ', '\n', '\0']) {
        if (other === text[at]) continue;
        const answer = parseSealed(text.slice(0, at) + other + text.slice(at + 1));
        expect(answer.ok, `${at} ${other}`).toBe(false);
      }
      const cut = parseSealed(text.slice(0, at));
      expect(cut.ok ? cut.value : record).toEqual(record);
    }
  });

  test('one from before the checksum is read too', () => {
    expect(parseSealed(JSON.stringify(record, null, 2))).toEqual({ ok: true, value: record });
    expect(parseSealed('17\n')).toEqual({ ok: true, value: 17 });
  });
});
