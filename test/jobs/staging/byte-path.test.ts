import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOfPath,
  displayPath,
  joinPath,
  nameOf,
  parentOf,
  pathOfBytes,
  pathOfText,
  pathProblem,
} from '../../../src/jobs/staging/byte-path.js';

describe('a byte path', () => {
  it('keeps all bytes, through JSON too', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const path = pathOfBytes(Buffer.from(bytes));
        expect(bytesOfPath(JSON.parse(JSON.stringify(path)) as string)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['a/b', 'a/b'],
    ['ünï/日', 'ünï/日'],
    ['new\nline\t\x1b[31m', 'new\\x0aline\\x09\\x1b[31m'],
    ['\u2028\u009b', '\\x2028\\x9b'],
  ])('shows %j as %j', (text, shown) => {
    expect(displayPath(pathOfText(text))).toBe(shown);
  });

  it('shows bytes that are no text', () => {
    expect(displayPath('a\xff\xfe b')).toBe('a\\xff\\xfe b');
  });

  it.each(['a', 'a/b', '...', '.a', 'a..b', ' ', '-', 'a\nb', '\xff', 'n'.repeat(255)])(
    '%j is fine',
    (path) => {
      expect(pathProblem(path)).toBeNull();
    },
  );

  it('comes apart and together again', () => {
    expect([parentOf('a/b/c'), nameOf('a/b/c'), parentOf('a'), nameOf('a')]).toEqual(['a/b', 'c', '', 'a']);
    expect([joinPath('', 'a'), joinPath('a/b', 'c')]).toEqual(['a', 'a/b/c']);
  });
});
