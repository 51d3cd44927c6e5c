import { expect, test } from 'vitest';
import { parseAuxv } from '../../../src/core/proc/auxv.js';
import { captureText, container } from './fixtures.js';

test('auxv: page size and clock ticks; the usual ones where it is not to be had', () => {
  const bytes = Buffer.from(captureText(container, 'proc/self/auxv'), 'latin1');
  expect(parseAuxv(bytes)).toEqual({ pageBytes: 4096, ticksPerSecond: 100 });
  expect(parseAuxv(new Uint8Array(7))).toEqual({ pageBytes: 4096, ticksPerSecond: 100 });
});
