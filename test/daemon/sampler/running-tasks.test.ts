import { describe, expect, test } from 'vitest';
import { countProcesses, countWholeMachine } from '../../../src/daemon/sampler/running-tasks.js';
import { listNumbers } from '../../../src/daemon/sampler/process-tree.js';
import { container, virtualMachine } from '../../core/proc/fixtures.js';
import { copyMachine, statLine } from './fake-proc.js';

test('the whole machine: the kernel’s count without the reader', () => {
  const machine = copyMachine(virtualMachine);
  const running = countWholeMachine(machine.procRoot);
  expect(running.count()).toBe(4);
  machine.write('proc/loadavg', '0.00 0.00 0.00 1/233 99\n');
  expect(running.count()).toBe(0);
  running.close();
});

describe('countProcesses', () => {
  const countAll = (procRoot: string, ownPid = 1e9) =>
    countProcesses(procRoot, () => listNumbers(procRoot), ownPid);

  test('counts processes and threads that are runnable, in a container only its own', () => {
    expect(countAll(copyMachine(container).procRoot).count()).toBe(3);
  });

  test('leaves out the process that counts', () => {
    expect(countAll(copyMachine(container).procRoot, 7).count()).toBe(2);
  });

  test('a process that has ended meanwhile counts for nothing', () => {
    const { procRoot } = copyMachine(container);
    expect(countProcesses(procRoot, () => [4444, 20], 1e9).count()).toBe(1);
  });

  test('threads of a process that rests are not looked at again until it uses time', () => {
    const machine = copyMachine(container);
    const running = countProcesses(machine.procRoot, () => [50], 1e9);
    machine.write('proc/50/task/50/stat', statLine({ pid: 50, state: 'S' }));
    machine.write('proc/50/task/51/stat', statLine({ pid: 51, state: 'R' }));
    machine.write('proc/50/stat', statLine({ pid: 50, threads: 2, ticks: 10 }));
    const counts = Array.from({ length: 6 }, () => running.count());
    expect(counts).toEqual([1, 1, 1, 1, 0, 0]);
    machine.write('proc/50/stat', statLine({ pid: 50, threads: 2, ticks: 11 }));
    expect(running.count()).toBe(1);
  });

  test('but a first thread that is runnable is always counted', () => {
    const machine = copyMachine(container);
    const running = countProcesses(machine.procRoot, () => [50], 1e9);
    machine.write('proc/50/task/50/stat', statLine({ pid: 50, state: 'R' }));
    machine.write('proc/50/stat', statLine({ pid: 50, threads: 2, ticks: 10, state: 'R' }));
    expect(Array.from({ length: 6 }, () => running.count())).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
