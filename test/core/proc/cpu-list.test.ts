import { expect, test } from 'vitest';
import { parseCpuList } from '../../../src/core/proc/cpu-list.js';

test.each([
  ['0-1', [0, 1]],
  ['0-2,8,10-11\n', [0, 1, 2, 8, 10, 11]],
  ['', []],
])('cpu list %j', (text, cpus) => {
  expect([...parseCpuList(text)!]).toEqual(cpus);
});

test.each(['x', '0-', '-1', '0-99999999', '0-9000'])('%j is no cpu list', (text) => {
  expect(parseCpuList(text)).toBeNull();
});
