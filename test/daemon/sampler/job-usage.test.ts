import { describe, expect, test } from 'vitest';
import { defaultAdmin } from '../../../src/core/admin.js';
import { JobUsages } from '../../../src/daemon/sampler/job-usage.js';
import { container } from '../../core/proc/fixtures.js';
import { copyMachine, statLine, type FakeMachine } from './fake-proc.js';

/** A first process 30 with a child 31; ticks are hundredths of a second, and the machine is 100 s up. */
function jobMachine(): FakeMachine & { at(ms: number): void; readonly usages: JobUsages } {
  const machine = copyMachine(container);
  let nowMs = 0;
  machine.write('proc/uptime', '100.00 1.00\n');
  machine.write('proc/30/task/30/children', '31 ');
  machine.write('proc/31/task/31/children', '');
  machine.write('proc/30/stat', statLine({ pid: 30, startTicks: 9000, ticks: 100 }));
  machine.write('proc/31/stat', statLine({ pid: 31, ppid: 30, startTicks: 9001, ticks: 400, rssPages: 25 }));
  const usages = new JobUsages(machine.procRoot, () => nowMs);
  return { ...machine, usages, at: (ms) => void (nowMs = ms) };
}

describe('JobUsages', () => {
  test('the first answer is the mean since the start, over all its processes', () => {
    const { usages } = jobMachine();
    expect(usages.read(30, 'none', defaultAdmin)).toEqual({
      cpu: 0.5,
      steadyCpu: 0.5,
      rssKib: 140,
      processes: 2,
    });
  });

  test('later ones follow what it does now', () => {
    const machine = jobMachine();
    machine.usages.read(30, 'none', defaultAdmin);
    for (let second = 1; second <= 30; second++) {
      machine.at(second * 1000);
      machine.write(
        'proc/31/stat',
        statLine({ pid: 31, ppid: 30, startTicks: 9001, ticks: 400 + second * 200 }),
      );
      machine.usages.read(30, 'none', defaultAdmin);
    }
    machine.at(31_000);
    machine.write('proc/31/stat', statLine({ pid: 31, ppid: 30, startTicks: 9001, ticks: 400 + 31 * 200 }));
    expect(machine.usages.read(30, 'none', defaultAdmin).cpu).toBeCloseTo(2, 2);
  });

  test('a child that ended and was waited for takes nothing away', () => {
    const machine = jobMachine();
    machine.usages.read(30, 'none', defaultAdmin);
    machine.at(1000);
    machine.write('proc/30/task/30/children', '');
    machine.write('proc/30/stat', statLine({ pid: 30, startTicks: 9000, ticks: 100, waitedTicks: 500 }));
    expect(machine.usages.read(30, 'none', defaultAdmin)).toMatchObject({
      cpu: 0.5 * 0.75 + 1 * 0.25,
      processes: 1,
    });
  });

  test('one that was not waited for does not make the share negative, nor stop the count', () => {
    const machine = jobMachine();
    machine.usages.read(30, 'none', defaultAdmin);
    machine.write('proc/30/task/30/children', '');
    machine.at(1000);
    expect(machine.usages.read(30, 'none', defaultAdmin).cpu).toBeCloseTo(0.5 * 0.75);
    machine.at(2000);
    machine.write('proc/30/stat', statLine({ pid: 30, startTicks: 9000, ticks: 200 }));
    expect(machine.usages.read(30, 'none', defaultAdmin).cpu).toBeCloseTo(0.5 * 0.75 * 0.75 + 0.25);
  });

  test('asked again at once it gives the same answer', () => {
    const machine = jobMachine();
    const first = machine.usages.read(30, 'none', defaultAdmin);
    machine.at(100);
    machine.write('proc/30/stat', statLine({ pid: 30, startTicks: 9000, ticks: 9999 }));
    expect(machine.usages.read(30, 'none', defaultAdmin)).toEqual(first);
  });

  test('another process with the same number starts anew', () => {
    const machine = jobMachine();
    machine.usages.read(30, 'none', defaultAdmin);
    machine.at(5000);
    machine.write('proc/30/task/30/children', '');
    machine.write('proc/30/stat', statLine({ pid: 30, startTicks: 9900, ticks: 10 }));
    expect(machine.usages.read(30, 'none', defaultAdmin)).toMatchObject({ cpu: 0.1, processes: 1 });
  });

  test('a tree that is gone takes nothing', () => {
    const { usages } = jobMachine();
    expect(usages.read(4444, 'none', defaultAdmin)).toEqual({
      cpu: 0,
      steadyCpu: 0,
      rssKib: 0,
      processes: 0,
    });
  });

  test('the steady share remembers as the job’s policy says', () => {
    const machine = jobMachine();
    const rates = { decayinterval: 10, slowdecay: 900, fastdecay: 205 };
    const steady = (policy: 'slow' | 'fast' | 'none'): number => {
      const usages = new JobUsages(machine.procRoot, () => nowMs);
      let nowMs = 0;
      let answer = 0;
      for (let second = 0; second <= 40; second++) {
        nowMs = second * 1000;
        const busySeconds = Math.min(second, 20); // all of it for 20 s, then nothing
        machine.write(
          'proc/30/stat',
          statLine({ pid: 30, startTicks: 9000, ticks: 100 + busySeconds * 100 }),
        );
        answer = usages.read(30, policy, rates).steadyCpu;
      }
      return answer;
    };
    machine.write('proc/30/task/30/children', '');
    expect(steady('none')).toBeCloseTo(0.5);
    expect(steady('slow')).toBeCloseTo((0.9 ** 3 + 0.9 ** 2) / (0.9 ** 3 + 0.9 ** 2 + 0.9 + 1));
    expect(steady('fast')).toBeCloseTo((0.205 ** 3 + 0.205 ** 2) / (0.205 ** 3 + 0.205 ** 2 + 0.205 + 1));
  });
});
