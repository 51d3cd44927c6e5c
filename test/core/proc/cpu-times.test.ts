import { describe, expect, test } from 'vitest';
import { parseCpuTimes, timesOf } from '../../../src/core/proc/cpu-times.js';
import { captureText, virtualMachine } from './fixtures.js';

describe('cpu times', () => {
  const machine = parseCpuTimes(captureText(virtualMachine, 'proc/stat'))!;

  test('iowait counts as idle, and steal apart', () => {
    expect(machine.all).toEqual({ busy: 148464 + 52443 + 49514 + 467, idle: 569093 + 1045, steal: 567 });
    expect([...machine.perCpu.keys()]).toEqual([0, 1]);
  });

  test('can be summed over some processors', () => {
    expect(timesOf(machine, new Set([1]))).toEqual(machine.perCpu.get(1));
    expect(timesOf(machine, new Set([77]))).toEqual(machine.all);
  });

  test('are null without a cpu line', () => expect(parseCpuTimes('intr 5 0\n')).toBeNull());
});
