import { describe, expect, test } from 'vitest';
import { meterCpuTime, meterGroup, meterMachine } from '../../../src/daemon/sampler/utilisation.js';
import { container, virtualMachine } from '../../core/proc/fixtures.js';
import { copyMachine } from './fake-proc.js';

describe('meterMachine', () => {
  const stat = (cpu0: string, cpu1: string): string =>
    `cpu  0 0 0 0 0 0 0 0\ncpu0 ${cpu0}\ncpu1 ${cpu1}\nintr 1\n`;

  test('says nothing at first, then the share that was busy, of the processors it may use', () => {
    const machine = copyMachine(virtualMachine);
    machine.write('proc/stat', stat('100 0 0 100 0 0 0 0', '0 0 0 0 0 0 0 0'));
    const meter = meterMachine(machine.procRoot, new Set([0]));
    expect(meter.read(0)).toBeNull();
    machine.write('proc/stat', stat('170 5 0 120 5 0 0 0', '900 0 0 0 0 0 0 0'));
    expect(meter.read(1000)).toEqual({ used: 0.75, usable: 1 });
    meter.close();
  });

  test('time taken by the hypervisor was not usable, and not idle either', () => {
    const machine = copyMachine(virtualMachine);
    machine.write('proc/stat', 'cpu  0 0 0 0 0 0 0 0\n');
    const meter = meterMachine(machine.procRoot, null);
    meter.read(0);
    machine.write('proc/stat', 'cpu  50 0 0 0 0 0 0 50\n');
    expect(meter.read(1000)).toEqual({ used: 1, usable: 0.5 });
    meter.close();
  });
});

test.each([
  [virtualMachine, 1 as const, 'sys/fs/cgroup/cpuacct/workers/a1/cpuacct.usage', '7518861000', '7818861000'],
  [container, 2 as const, 'sys/fs/cgroup/cpu.stat', 'usage_usec 9000000\n', 'usage_usec 9300000\n'],
])('a group on %s is measured against its quota (v%d)', (host, version, file, before, after) => {
  const machine = copyMachine(host);
  const usageFile = `${machine.cgroupRoot}/${file}`;
  machine.write(file, before);
  const meter = meterGroup({ quota: 0.4, folder: '', usageFile, version }, 0.4);
  expect(meter.read(5000)).toBeNull();
  machine.write(file, after);
  expect(meter.read(6000)!.used).toBeCloseTo(0.75);
  expect(meter.read(7000)!.used).toBe(0);
  meter.close();
});

test('nothing is said of no time, or of what can’t be read', () => {
  const used = [10, 20, null, 30, 40];
  const meter = meterCpuTime(() => used.shift() ?? null, 1);
  expect(meter.read(0)).toBeNull();
  expect(meter.read(0)).toBeNull();
  expect(meter.read(1)).toBeNull();
  expect(meter.read(2)).toBeNull();
  expect(meter.read(3)?.used).toBeCloseTo(0.01);
});
