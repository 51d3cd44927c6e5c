import { spawn } from 'node:child_process';
import { expect, describe, onTestFinished, test } from 'vitest';
import { pollUntil } from '../../fixtures/lab/poll.js';
import { createSampler, type Sampler, type SamplerOptions } from '../../src/daemon/sampler.js';
import { container, virtualMachine } from '../core/proc/fixtures.js';
import { copyMachine, statLine, type FakeMachine } from './sampler/fake-proc.js';

const standard = { speed: 10_000, set: false };

interface Driven {
  readonly sampler: Sampler;
  /** Whole load cycles of one second each. */
  readonly cycles: (count: number) => void;
}

function drive(machine: FakeMachine, options: Partial<SamplerOptions> = {}): Driven {
  let nowMs = 0;
  const { procRoot, cgroupRoot } = machine;
  const sampler = createSampler({
    speed: () => standard,
    procRoot,
    cgroupRoot,
    nowMs: () => nowMs,
    ...options,
  });
  onTestFinished(() => sampler.stop());
  const tick = (): void => {
    nowMs += 250;
    sampler.tick();
  };
  return { sampler, cycles: (count) => Array.from({ length: count * 4 }).forEach(tick) };
}

describe('a sampler', () => {
  test('in a container sees its own tasks, quota and memory, not the machine’s', () => {
    const { sampler, cycles } = drive(copyMachine(container));
    cycles(60);
    expect(sampler.current()).toEqual({
      cpus: 2,
      speed: 7500,
      load: 133, // two tasks for 1.5 processors; the threads of the process that rests are not looked at
      ownload: 133,
      util: 0,
      mem: 524288 - 307200 + 102400,
      rmem: 524288 - 307200,
      tmem: 524288,
    });
  });

  test('in a container without a quota still counts its own tasks, not the machine’s', () => {
    const machine = copyMachine(container);
    machine.write('sys/fs/cgroup/cpu.max', 'max 100000\n');
    const { sampler, cycles } = drive(machine);
    cycles(60);
    expect(sampler.current()).toMatchObject({ cpus: 8, speed: 10_000, load: 25 }); // two tasks; four run outside
  });

  test('without walls around it takes the kernel’s count of the machine', () => {
    const machine = copyMachine(virtualMachine);
    machine.write('sys/fs/cgroup/cpu/workers/a1/cpu.cfs_quota_us', '-1\n');
    const { sampler, cycles } = drive(machine);
    cycles(60);
    expect(sampler.current()).toMatchObject({
      cpus: 2,
      speed: 10_000,
      load: 200,
      ownload: 200,
      tmem: 1048576,
    });
  });

  test('under a quota without a PID namespace counts those who share the quota', () => {
    const machine = copyMachine(virtualMachine);
    const { sampler, cycles } = drive(machine);
    cycles(60);
    expect(sampler.current()).toMatchObject({ cpus: 1, speed: 4000, load: 0 });
    machine.write('proc/300/stat', statLine({ pid: 300, state: 'R' }));
    cycles(60);
    expect(sampler.current()).toMatchObject({ load: 250, ownload: 250 });
  });

  test('confined to one of two processors takes half of what runs', () => {
    const machine = copyMachine(virtualMachine);
    machine.write('sys/fs/cgroup/cpu/workers/a1/cpu.cfs_quota_us', '-1\n');
    machine.write('proc/self/status', 'Cpus_allowed_list:\t1\n');
    const { sampler, cycles } = drive(machine);
    cycles(60);
    expect(sampler.current()).toMatchObject({ cpus: 1, speed: 10_000, load: 200 });
  });

  test('with trees given counts these and nothing else', () => {
    const { sampler, cycles } = drive(copyMachine(container), { trees: () => [21] });
    cycles(60);
    expect(sampler.current()).toMatchObject({ load: 67, cpus: 2, speed: 7500 });
  });

  test('takes a speed that a person set as it is', () => {
    const { sampler } = drive(copyMachine(container), { speed: () => ({ speed: 3000, set: true }) });
    expect(sampler.current()).toMatchObject({ cpus: 2, speed: 3000 });
  });

  test('measures how much of its quota is used', () => {
    const machine = copyMachine(container);
    const { sampler, cycles } = drive(machine);
    cycles(1);
    machine.write('sys/fs/cgroup/cpu.stat', 'usage_usec 9750000\n');
    cycles(1);
    expect(sampler.current().util).toBe(50);
  });

  test('notices a new quota and new processors', () => {
    const machine = copyMachine(container);
    const { sampler, cycles } = drive(machine);
    machine.write('sys/fs/cgroup/cpu.max', '20000 100000\n');
    cycles(6);
    expect(sampler.current()).toMatchObject({ cpus: 1, speed: 2000 });
    machine.write('sys/fs/cgroup/cpu.max', 'max 100000\n');
    cycles(6);
    expect(sampler.current()).toMatchObject({ cpus: 8, speed: 10_000 });
  });

  test('counts and measures anew when its quota goes', () => {
    const machine = copyMachine(virtualMachine);
    const { sampler, cycles } = drive(machine);
    cycles(10);
    expect(sampler.current().load).toBe(0);
    machine.write('sys/fs/cgroup/cpu/workers/a1/cpu.cfs_quota_us', '-1\n');
    cycles(60);
    expect(sampler.current()).toMatchObject({ cpus: 2, load: 200 });
  });

  test('counts guests before they show, and those that left no more', () => {
    let comingIn = 0;
    const { sampler, cycles } = drive(copyMachine(container), { comingIn: () => comingIn });
    cycles(60);
    sampler.arrived(3);
    expect(sampler.current()).toMatchObject({ load: 133 + 200, ownload: 133 });
    comingIn = 3;
    cycles(5);
    expect(sampler.current().load).toBe(333);
    comingIn = 0;
    cycles(60);
    expect(sampler.current().load).toBe(133);
    sampler.left(1);
    expect(sampler.current().ownload).toBe(67);
  });

  test('survives a machine without any of these files', () => {
    const machine = copyMachine(container);
    for (const path of ['proc', 'sys']) machine.remove(path);
    const { sampler, cycles } = drive(machine);
    cycles(12);
    const reading = sampler.current();
    expect(Object.values(reading).every(Number.isFinite)).toBe(true);
    expect(reading.tmem).toBeGreaterThan(0);
  });

  test.each([
    ['counts less often where counting takes much processor time', 10, 35],
    ['counts as often as ever where counting only waits for a processor', 0, 120],
  ])('%s', (_claim, usedMsEach, most) => {
    const machine = copyMachine(container);
    let nowMs = 0;
    let usedMs = 0;
    let counts = 0;
    const sampler = createSampler({
      speed: () => standard,
      procRoot: machine.procRoot,
      cgroupRoot: machine.cgroupRoot,
      nowMs: () => nowMs,
      usedMs: () => usedMs,
      trees: () => {
        counts += 1;
        nowMs += 10;
        usedMs += usedMsEach;
        return [20];
      },
    });
    onTestFinished(() => sampler.stop());
    counts = 0;
    for (let tick = 0; tick < 80; tick++) {
      nowMs += 250;
      sampler.tick();
    }
    // In 20 s: one reading of the CPU time in each second, and one count in 2 s, or all 80.
    expect(counts).toBeLessThan(most);
    expect(counts).toBeGreaterThan(most - 30);
    expect(sampler.current().load).toBeGreaterThan(0);
  });
});

describe('on this machine', () => {
  test('a busy job shows in its usage and in the load of its trees, and no more after it is stopped', async () => {
    const child = spawn('sh', ['-c', 'while :; do :; done & while :; do :; done'], {
      detached: true,
      stdio: 'ignore',
    });
    onTestFinished(() => void process.kill(-child.pid!, 'SIGKILL'));
    const sampler = createSampler({ speed: () => standard, trees: () => [child.pid!] });
    onTestFinished(() => sampler.stop());
    sampler.start();
    await pollUntil('its usage', () => {
      const { cpu, processes } = sampler.jobUsage(child.pid!);
      return cpu > 0.2 && processes === 2 ? true : undefined;
    });
    await pollUntil('its load', () => (sampler.current().load > 0 ? true : undefined));
    await pollUntil('its share of the processors', () => (sampler.current().util > 5 ? true : undefined));
    process.kill(-child.pid!, 'SIGSTOP');
    await pollUntil('the end of its own load', () => (sampler.current().ownload === 0 ? true : undefined));
  });

  test('an idle loop costs little', async () => {
    const sampler = createSampler({ speed: () => standard });
    onTestFinished(() => sampler.stop());
    const before = process.cpuUsage();
    for (let tick = 0; tick < 240; tick++) sampler.tick();
    const { user, system } = process.cpuUsage(before);
    // A minute's worth of samples. The bound is ten times what was measured: it is there to catch a slip.
    expect((user + system) / 1000 / 60_000).toBeLessThan(0.01);
    await Promise.resolve();
  });
});
