import { describe, expect, test } from 'vitest';
import {
  parseBytesAsKib,
  parseCfsQuota,
  parseCgroupProcs,
  parseCpuacctUsageUs,
  parseCpuMax,
  parseCpuStatUsageUs,
  parseInactiveFileKib,
} from '../../../src/core/proc/cgroup-files.js';
import { captureText, container, virtualMachine } from './fixtures.js';

describe('quotas', () => {
  test.each([
    ['max 100000\n', null],
    ['150000 100000\n', 1.5],
    ['20000 100000\n', 0.2],
    ['0 100000\n', null],
    ['', null],
  ])('v2 cpu.max %j', (text, quota) => expect(parseCpuMax(text)).toBe(quota));

  test.each([
    ['-1\n', '100000\n', null],
    ['4000\n', '20000\n', 0.2],
    ['', '', null],
  ])('v1 %j of %j', (quota, period, expected) => expect(parseCfsQuota(quota, period)).toBe(expected));
});

test.each([
  ['max\n', null],
  ['9223372036854771712\n', null],
  ['18446744073709551615\n', null],
  ['1073741824\n', 1048576],
  ['0\n', 0],
  ['', null],
])('memory limit %j', (text, kib) => expect(parseBytesAsKib(text)).toBe(kib));

test('what can be reclaimed: v1 counts the groups below too, as v2 always does', () => {
  expect(
    parseInactiveFileKib(captureText(virtualMachine, 'sys/fs/cgroup/memory/workers/a1/memory.stat')),
  ).toBe(102400);
  expect(parseInactiveFileKib(captureText(container, 'sys/fs/cgroup/memory.stat'))).toBe(102400);
  expect(parseInactiveFileKib('')).toBe(0);
});

test('CPU time used, in µs', () => {
  expect(parseCpuacctUsageUs('7518861000\n')).toBe(7518861);
  expect(parseCpuStatUsageUs(captureText(container, 'sys/fs/cgroup/cpu.stat'))).toBe(9000000);
  expect(parseCpuacctUsageUs('')).toBeNull();
  expect(parseCpuStatUsageUs('')).toBeNull();
});

test('processes that can’t be seen from here are left out', () => {
  expect(parseCgroupProcs('0\n12\n7\n')).toEqual([12, 7]);
  expect(parseCgroupProcs('')).toEqual([]);
});
