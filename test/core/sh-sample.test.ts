import { describe, expect, test } from 'vitest';
import { limitFiles } from '../../src/core/sh-limits.js';
import {
  parseSections,
  parseShFacts,
  parseShSample,
  reportOf,
  stepHistory,
  type ShFacts,
  type ShSample,
} from '../../src/core/sh-sample.js';

const factsText = `@cpuinfo
model name	: Some CPU @ 2.60GHz
@stat
cpu  100 0 0 900 0 0 0 0 0 0
cpu0 50 0 0 450 0 0 0 0 0 0
cpu1 50 0 0 450 0 0 0 0 0 0
@status
Cpus_allowed_list:	0-1
@cgroup
`;

const sampleText = `@loadavg
0.10 0.20 0.30 3/200 777
@stat
cpu  200 0 0 1000 0 0 0 0 0 0
cpu0 150 0 0 500 0 0 0 0 0 0
cpu1 50 0 0 500 0 0 0 0 0 0
@meminfo
MemTotal: 1000 kB
MemFree: 300 kB
MemAvailable: 700 kB
`;

function factsOf(text: string): ShFacts {
  const facts = parseShFacts(parseSections(text));
  if (typeof facts === 'string') throw new Error(facts);
  return facts;
}

function sampleOf(text: string, facts: ShFacts, atMs = 0): ShSample {
  const sample = parseShSample(parseSections(text), facts, atMs);
  if (typeof sample === 'string') throw new Error(sample);
  return sample;
}

/** As on a machine with both hierarchies, in the groups /a/b (v1 cpu) and /m (v2). */
const v1 = factsOf(`${factsText}4:cpu,cpuacct:/a/b
3:memory:/m
@mountinfo
30 20 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
31 20 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`);
const v2 = factsOf(`${factsText}0::/user/one
@mountinfo
30 20 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
`);
const plain = factsOf(factsText);

function file(path: string, text: string): string {
  return `@file ${path}\n${text}\n`;
}

describe('the sections of an answer', () => {
  test('are the lines after each @name', () => {
    expect([...parseSections('@a\n1\n2\n@b\n@c\n3\n')]).toEqual([
      ['a', '1\n2\n'],
      ['b', ''],
      ['c', '3\n'],
    ]);
  });

  test('may be cut off anywhere', () => {
    for (let length = 0; length <= sampleText.length; length++) {
      const sections = parseSections(sampleText.slice(0, length));
      const sample = parseShSample(sections, plain, 0);
      if (typeof sample === 'string') expect(sample).toMatch(/not readable/);
    }
  });
});

describe('a node', () => {
  test('has the processors it may run on, and a guessed speed', () => {
    expect(plain).toMatchObject({ allowed: null, allowedCpus: 2, machineCpus: 2, guessedSpeed: 10_000 });
    const part = factsOf(factsText.replace('0-1', '1'));
    expect(part).toMatchObject({ allowed: new Set([1]), allowedCpus: 1, machineCpus: 2 });
  });

  test('with processors numbered anew by its container has them all', () => {
    expect(factsOf(factsText.replace('0-1', '6-7'))).toMatchObject({ allowed: null, allowedCpus: 2 });
  });

  test('without /proc/stat can not be sampled', () => {
    expect(parseShFacts(parseSections('@stat\n'))).toBe('its /proc/stat shows no processors');
    expect(parseShSample(parseSections('@stat\n'), plain, 0)).toBe('its /proc is not readable');
  });

  test('is asked for the limits of its groups and of those above them', () => {
    expect(limitFiles(v1)).toEqual([
      '/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us',
      '/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us',
      '/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us',
      '/sys/fs/cgroup/cpu/a/cpu.cfs_period_us',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us',
      '/sys/fs/cgroup/cpu/a/b/cpuacct.usage',
      '/sys/fs/cgroup/cpu/a/cpuacct.usage',
      '/sys/fs/cgroup/cpu/cpuacct.usage',
      '/sys/fs/cgroup/memory/m/memory.limit_in_bytes',
      '/sys/fs/cgroup/memory/m/memory.usage_in_bytes',
      '/sys/fs/cgroup/memory/m/memory.stat',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes',
      '/sys/fs/cgroup/memory/memory.stat',
    ]);
    expect(limitFiles(v2)).toContain('/sys/fs/cgroup/user/one/cpu.max');
  });

  test('is never asked for a path that a shell would take apart', () => {
    const wicked = factsOf(`${factsText}0::/a b/$(reboot)
@mountinfo
30 20 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
`);
    expect(limitFiles(wicked).join(' ')).not.toMatch(/[$ ]\(|a b/);
    expect(limitFiles(wicked)).toContain('/sys/fs/cgroup/cpu.max');
  });
});

describe('a sample', () => {
  test('leaves awk out of the tasks that run', () => {
    expect(sampleOf(sampleText, plain).running).toBe(2);
  });

  test('takes its share of the tasks of a machine that it has only a part of', () => {
    const part = factsOf(factsText.replace('0-1', '1'));
    expect(sampleOf(sampleText, part).running).toBe(1);
  });

  test('believes the count of a sampler in a namespace of its own', () => {
    expect(sampleOf(`${sampleText}@running\n7\n`, plain).running).toBe(7);
  });

  test('has the memory of the machine, or what a limit leaves of it', () => {
    expect(sampleOf(sampleText, plain).memory).toEqual({ mem: 700, rmem: 300, tmem: 1000 });
    const limits =
      file('/sys/fs/cgroup/memory/m/memory.limit_in_bytes', String(500 * 1024)) +
      file('/sys/fs/cgroup/memory/m/memory.usage_in_bytes', String(400 * 1024)) +
      file('/sys/fs/cgroup/memory/m/memory.stat', `total_inactive_file ${50 * 1024}`) +
      file('/sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712');
    expect(sampleOf(sampleText + limits, v1).memory).toEqual({ mem: 150, rmem: 100, tmem: 500 });
  });
});

describe('a report', () => {
  const later = sampleText.replace('cpu  200 0 0 1000', 'cpu  230 0 0 1070');

  function reportAfter(facts: ShFacts, first: string, second: string) {
    const before = stepHistory(null, sampleOf(first, facts, 1000), facts);
    return reportOf(before, stepHistory(before, sampleOf(second, facts, 2000), facts), facts);
  }

  test('shows the use of the processors between two samples', () => {
    expect(reportAfter(plain, sampleText, later).util).toBe(30);
  });

  test('shows no use after one sample', () => {
    const history = stepHistory(null, sampleOf(sampleText, plain), plain);
    expect(reportOf(null, history, plain)).toMatchObject({ util: 0, load: 0, cpus: 2, speed: 10_000 });
  });

  test('counts the tasks of the moment only as far as the processors were busy', () => {
    const busy = sampleText.replace('cpu  200 0 0 1000', 'cpu  300 0 0 1000');
    expect(reportAfter(plain, sampleText, busy).load).toBe(100); // 2 tasks for 2 processors
    expect(reportAfter(plain, sampleText, later).load).toBe(43); // 2 × 0.3 / 0.7 of them
  });

  test('is of a node that takes no jobs', () => {
    expect(reportAfter(plain, sampleText, later)).toMatchObject({ drivers: [], freeslots: 0, guests: 0 });
  });

  test('counts use and speed by the quota of a v2 group', () => {
    const quota = (usedUs: number): string =>
      file('/sys/fs/cgroup/user/one/cpu.max', '40000 100000') +
      file('/sys/fs/cgroup/user/one/cpu.stat', `usage_usec ${usedUs}\nuser_usec 1`) +
      file('/sys/fs/cgroup/user/cpu.max', 'max 100000');
    const report = reportAfter(v2, sampleText + quota(0), later + quota(200_000));
    expect(report).toMatchObject({ cpus: 1, speed: 4000, util: 50 });
  });

  test('counts them by the tightest quota of v1 groups', () => {
    const quota = (usedNs: number): string =>
      file('/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us', '150000') +
      file('/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us', '100000') +
      file('/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '180000') +
      file('/sys/fs/cgroup/cpu/cpu.cfs_period_us', '100000') +
      file('/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us', '50000') +
      file('/sys/fs/cgroup/cpu/a/cpu.cfs_period_us', '100000') +
      file('/sys/fs/cgroup/cpu/a/cpuacct.usage', String(usedNs));
    const report = reportAfter(v1, sampleText + quota(0), later + quota(125_000_000));
    expect(report).toMatchObject({ cpus: 1, speed: 5000, util: 25 });
  });

  test('takes off what a hypervisor took: less could be used, so each task weighs more', () => {
    const stolen = later.replace('1070 0 0 0 0', '1070 0 0 0 100');
    const load = (second: string): number => reportAfter(plain, sampleText, second).load;
    expect(load(stolen)).toBeGreaterThan(load(later));
  });
});
