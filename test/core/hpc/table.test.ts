import { describe, expect, test } from 'vitest';
import { defaultAdmin } from '../../../src/core/admin.js';
import type { GuestView, JobView, NodeReport } from '../../../src/core/cluster-map.js';
import type { HpcChange, HpcView } from '../../../src/core/hpc/entry.js';
import { findInTree, hpcFolders, plainPath, type Leaf } from '../../../src/core/hpc/table.js';

const report: NodeReport = {
  load: 101.6,
  ownload: 90,
  speed: 9876,
  cpus: 2,
  util: 37,
  mem: 3000,
  rmem: 500,
  tmem: 4000,
  guests: 2,
  freeslots: 0,
  block: false,
  stay: false,
  lstay: true,
  quiet: false,
  drivers: ['criu'],
  version: '0.1.0',
};
const job: JobView = {
  job: '1-17',
  pid: 4711,
  home: 1,
  where: 3,
  state: 'running',
  nmigs: 2,
  generation: 2,
  cantmove: ['it uses io_uring', 'it has a device open'],
  driver: null,
  lock: true,
  cpu: 1,
  rssKib: 1,
  command: 'xz',
  startedAtMs: 0,
};
const guest: GuestView = { job: '2-5', from: 2, pid: 99, cpu: 1, rssKib: 1, command: 'povray' };
const node = { state: 'up', ageMs: 0, report, bandwidth: null } as const;
const view: HpcView = {
  admin: { ...defaultAdmin, mospe: 1, speed: 9000 },
  decay: { policy: 'fast', hint: 'iojob' },
  config: { entries: [{ node: 1, address: 'alpha', count: 1 }] },
  version: '0.1.0',
  nodes: [
    { node: 1, name: 'alpha', ...node },
    { node: 3, name: 'beta', ...node, state: 'down', report: null },
  ],
  jobs: [job],
  guests: [guest],
  procText: (pid, file) => `${pid} (a b) c) S ${file} ${Array.from({ length: 60 }, (_, n) => n).join(' ')}`,
};

function leaf(path: string, of = view): Leaf {
  const found = findInTree(plainPath(path), of);
  if (found.kind !== 'leaf') throw new Error(`${path}: ${JSON.stringify(found)}`);
  return found.leaf;
}
const change = (path: string, value: string): HpcChange | string => {
  const answer = leaf(path).write(value);
  return answer.ok ? answer.change : answer.problem;
};

describe('reading', () => {
  test.each([
    ['admin/block', '0'],
    ['/proc/hpc/admin/block', '0'],
    ['hpc/admin/slowdecay', '975'],
    ['admin/slow-decay', '975'],
    ['admin/gateway', '0'],
    ['gateways', '0'],
    ['/proc/hpc/config', '1 alpha 1'],
    ['admin/mospe', '1'],
    ['admin/speed', '9000'],
    ['admin/maxguests', 'none'],
    ['admin/overheads', '2000 9766 200 102'],
    ['decay/fast', '1'],
    ['decay/slow', '0'],
    ['decay/iojob', '1'],
    ['decay/own', '926'],
    ['info/load', '102'],
    ['nodes/1/status', 'up lstay full'],
    ['nodes/beta/status', 'down'],
    ['nodes/3/load', '-'],
    ['nodes/1/CPUs', '2'],
    ['remote/99/from', '2'],
    ['remote/2-5/identity', '2-5 pid 99 povray'],
    ['4711/where', '3'],
    ['/proc/4711/cantmove', 'it uses io_uring; it has a device open'],
    ['1-17/lock', '1'],
    ['1-17/sigmig', '0'],
    ['1-17/disclosure', '3'],
  ])('%s is %s', (path, value) => {
    expect(leaf(path).read()).toBe(value);
  });

  test('where is 0 at home', () => {
    expect(leaf('1-17/where', { ...view, jobs: [{ ...job, where: 1 }] }).read()).toBe('0');
  });

  test('what a home does not disclose is not told', () => {
    const hidden = { ...guest, pid: 0, disclosure: 0 as const, command: '(not disclosed)' };
    expect(leaf('remote/2-5/identity', { ...view, guests: [hidden] }).read()).toBe('2-5');
    expect(leaf('remote/2-5/statm', { ...view, guests: [hidden] }).read()).toBe('-');
  });
});

describe('writing', () => {
  test.each<[string, string, HpcChange | string]>([
    ['admin/block', '1', { kind: 'admin', change: { block: 1 } }],
    ['admin/block', ' 1\n', { kind: 'admin', change: { block: 1 } }],
    ['admin/bring', '1', { kind: 'sendHome', verb: 'bring' }],
    ['admin/expel', '0', { kind: 'nothing' }],
    ['admin/speed', '12000', { kind: 'admin', change: { speed: 12_000, speedset: 1 } }],
    ['admin/maxguests', 'none', { kind: 'admin', change: { maxguests: null } }],
    [
      'admin/overheads',
      '1 2  100 103',
      { kind: 'admin', change: { movecost: 1, linkspeed: 2, iocost: 100, migrantcost: 103 } },
    ],
    ['decay/slow', '1', { kind: 'decay', change: { policy: 'slow' } }],
    ['decay/slow', '0', { kind: 'nothing' }],
    ['decay/fast', '0', { kind: 'decay', change: { policy: 'none' } }],
    ['decay/clear', '1', { kind: 'decay', change: { policy: 'slow', hint: 'none' } }],
    ['1-17/goto', '3', { kind: 'migrate', target: '1-17', to: 3 }],
    ['4711/goto', 'home', { kind: 'migrate', target: '1-17', to: 'home' }],
    ['4711/migrate', '0', { kind: 'migrate', target: '1-17', to: 'home' }],
    ['remote/99/goto', 'home', { kind: 'migrate', target: '2-5', to: 'home' }],
    ['4711/lock', '0', { kind: 'job', target: '1-17', change: { lock: false } }],
    ['4711/sigmig', 'usr1', { kind: 'job', target: '1-17', change: { sigmig: 'SIGUSR1' } }],
    ['4711/sigmig', '0', { kind: 'job', target: '1-17', change: { sigmig: null } }],
    ['admin/block', 'yes', "admin/block takes 0 or 1, not 'yes'"],
    ['admin/gateways', '3', "admin/gateways takes a whole number from 0 to 2, not '3'"],
    ['4711/where', '2', '1-17/where can only be read'],
    ['admin/config', 'x', 'admin/config can only be read; setpe -w loads a map'],
  ])('%s = %j', (path, value, expected) => {
    expect(change(path, value)).toEqual(expected);
  });

  test('every value that an entry shows can be written back, and changes nothing', () => {
    const found = findInTree('admin', view);
    const leaves = found.kind === 'folder' ? found.leaves : [];
    const written = leaves.filter(({ mayRead, mayWrite }) => mayRead && mayWrite);
    expect(written.length).toBeGreaterThan(20);
    for (const each of written) {
      const { path } = each;
      const answer = each.write(each.read() ?? '');
      expect([path, answer.ok]).toEqual([path, true]);
      if (answer.ok && answer.change.kind === 'admin' && path !== 'admin/speed')
        expect({ ...view.admin, ...answer.change.change }).toEqual(view.admin);
    }
  });
});

describe('what is not there', () => {
  test.each([
    ['9-1/lock', 'gone', 'there is no job 9-1 here'],
    ['12345/lock', 'gone', 'PID 12345 belongs to no job that was born here'],
    ['remote/12345', 'gone', '12345 is no guest of this node'],
    ['nodes/9', 'unknown', 'node 9 is not in the map'],
    [
      'nonsense',
      'unknown',
      'there is no nonsense: the tree has admin, decay, info, nodes/N, remote/PID, PID',
    ],
    ['admin/block/x', 'unknown', 'there is no admin/block/x'],
    ['admin/constructor', 'unknown', 'there is no admin/constructor'],
    ['admin/dfsalinks', 'absent', 'admin/dfsalinks does not exist here'],
    ['decay/inherit', 'absent', 'decay/inherit does not exist here'],
  ])('%s: %s', (path, kind, problem) => {
    expect(findInTree(path, view)).toMatchObject({
      kind,
      problem: expect.stringContaining(problem) as unknown,
    });
  });
});

test('the whole tree has every setting, node, guest and job, and each entry says what it is', () => {
  const found = findInTree('', view);
  const leaves = found.kind === 'folder' ? found.leaves : [];
  const paths = leaves.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['admin/block', 'nodes/3/load', 'remote/99/from', '1-17/lock']),
  );
  expect(new Set(paths).size).toBe(paths.length);
  for (const { help, values } of leaves) expect([help, values]).not.toContain('');
  for (const { entries } of hpcFolders) for (const { help } of entries) expect(help).toMatch(/^.*[.]$/);
});
