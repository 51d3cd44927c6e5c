import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFresh, isSameTime, secondsOf } from '../../../src/jobs/staging/file-times.js';
import { newFolder } from './trees.js';

it('a time that was set is the same time when it is read again', async () => {
  const file = join(await newFolder(), 'f');
  await writeFile(file, '');
  const time = fc.bigInt({ min: 1000n, max: 4_000_000_000_000_000_000n });
  await fc.assert(
    fc.asyncProperty(time, async (ns) => {
      await utimes(file, 1, secondsOf(String(ns)));
      const { mtimeNs } = await stat(file, { bigint: true });
      expect(isSameTime(String(mtimeNs), String(ns)), `${ns} became ${mtimeNs}`).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('a time before 1970 is set to the millisecond', async () => {
  const file = join(await newFolder(), 'f');
  await writeFile(file, '');
  await utimes(file, 1, secondsOf('-86400500000000'));
  expect(Math.round((await stat(file)).mtimeMs)).toBe(-86_400_500);
});

it('time 0 is the same as nothing', () => {
  expect(isSameTime('0', '0')).toBe(false);
  expect(isSameTime('999', '0')).toBe(false);
  expect(isSameTime('1000', '1999')).toBe(true);
  expect(isSameTime('1000', '2000')).toBe(false);
});

it('what is younger than two seconds, or from the future, is fresh', () => {
  expect(isFresh('7999999999', '10000000000')).toBe(false);
  expect(isFresh('8000000000', '10000000000')).toBe(true);
  expect(isFresh('99000000000', '10000000000')).toBe(true);
});
