import { describe, expect, test } from 'vitest';
import {
  findCgroups,
  listGroup,
  readAllowedCpus,
  readCpuLimit,
  readMemoryLimits,
} from '../../../src/daemon/sampler/limits.js';
import { container, virtualMachine } from '../../core/proc/fixtures.js';
import { copyMachine } from './fake-proc.js';

describe('cgroup v1', () => {
  test('finds quota, memory limit and where its use is counted', () => {
    const machine = copyMachine(virtualMachine);
    const groups = findCgroups(machine);
    expect(readCpuLimit(groups)).toEqual({
      quota: 0.4,
      folder: `${machine.cgroupRoot}/sys/fs/cgroup/cpu/workers/a1`,
      usageFile: `${machine.cgroupRoot}/sys/fs/cgroup/cpuacct/workers/a1/cpuacct.usage`,
      version: 1,
    });
    expect(readMemoryLimits(groups)).toEqual([
      { limitKib: 1048576, usedKib: 716800, reclaimableKib: 102400 },
    ]);
  });

  test('a group above with less to give decides', () => {
    const machine = copyMachine(virtualMachine);
    machine.write('sys/fs/cgroup/cpu/workers/cpu.cfs_quota_us', '10000\n');
    expect(readCpuLimit(findCgroups(machine))).toMatchObject({ quota: 0.1 });
  });

  test('no quota is no limit', () => {
    const machine = copyMachine(virtualMachine);
    machine.write('sys/fs/cgroup/cpu/workers/a1/cpu.cfs_quota_us', '-1\n');
    expect(readCpuLimit(findCgroups(machine))).toBeNull();
  });
});

test('cgroup v2: the same of a container', () => {
  const machine = copyMachine(container);
  const groups = findCgroups(machine);
  expect(readCpuLimit(groups)).toEqual({
    quota: 1.5,
    folder: `${machine.cgroupRoot}/sys/fs/cgroup`,
    usageFile: `${machine.cgroupRoot}/sys/fs/cgroup/cpu.stat`,
    version: 2,
  });
  expect(readMemoryLimits(groups)).toEqual([{ limitKib: 524288, usedKib: 307200, reclaimableKib: 102400 }]);
});

test('listGroup names the processes of the groups below too', () => {
  const machine = copyMachine(container);
  machine.write('sys/fs/cgroup/system.slice/a.service/cgroup.procs', '44\n');
  expect(listGroup(`${machine.cgroupRoot}/sys/fs/cgroup`)).toEqual([1, 7, 20, 21, 44]);
});

test('processors that may be used, and null where nobody says', () => {
  const machine = copyMachine(container);
  expect(readAllowedCpus(machine)?.size).toBe(8);
  machine.remove('proc/self/status');
  expect(readAllowedCpus(machine)).toBeNull();
});
