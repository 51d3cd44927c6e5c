import { describe, expect, it } from 'vitest';
import { judgeIdentity, judgeOwner } from '../../../src/jobs/probe/credentials.js';
import { judgeDescriptors } from '../../../src/jobs/probe/descriptors.js';
import { judgeMappings } from '../../../src/jobs/probe/mappings.js';
import type { Finding } from '../../../src/jobs/probe/finding.js';
import type { Descriptor, Task } from '../../../src/jobs/probe/task.js';
import { parseProcessMaps } from '../../../src/core/proc/process-maps.js';
import { parseProcessStatus } from '../../../src/core/proc/process-status.js';

const setting = { inside: ['/jobs/1-1', '/home/me/proj'] };

function task(change: Partial<Task> = {}): Task {
  return {
    pid: 7,
    name: 'prog (PID 7)',
    status: parseProcessStatus(''),
    mappings: [],
    descriptors: [],
    cwd: '/jobs/1-1/cwd',
    root: '/',
    namespaces: {
      mnt: 'mnt:[1]',
      net: 'net:[1]',
      ipc: 'ipc:[1]',
      uts: 'uts:[1]',
      user: 'user:[1]',
      pid: 'pid:[1]',
      cgroup: 'cgroup:[1]',
      time: 'time:[1]',
    },
    ...change,
  };
}

function descriptor(target: string, change: Partial<Descriptor> = {}): Descriptor {
  return {
    fd: 3,
    target,
    deleted: false,
    writable: false,
    file: 'regular',
    size: 10,
    links: 1,
    device: [0, 0],
    ...change,
  };
}

/** `reason: …`, `file: …` and so on. */
function words(findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) => `${finding.kind}: ${'text' in finding ? finding.text : finding.path}`);
}

const device = (major: number, minor: number): Partial<Descriptor> => ({
  file: 'character device',
  device: [major, minor],
});

describe('what a process has open', () => {
  it.each<[string, Partial<Descriptor>, string | null]>([
    ['/jobs/1-1/stdout', { writable: true }, null],
    ['/home/me/proj/out put', { writable: true }, null],
    [
      '/home/me/project2/out',
      { writable: true },
      "reason: prog (PID 7) has /home/me/project2/out open for writing, which is outside of the job's folders",
    ],
    ['/usr/share/dict', {}, 'file: /usr/share/dict'],
    ['/usr/share', { file: 'folder' }, 'folder: /usr/share'],
    ['/jobs/1-1/tmp', { file: 'folder' }, null],
    [
      '/jobs/1-1/x',
      { file: 'folder', deleted: true, links: 0 },
      'reason: prog (PID 7) has the folder /jobs/1-1/x open, which was removed',
    ],
    ['/dev/null', device(1, 3), null],
    ['/dev/urandom', device(1, 9), null],
    ['/dev/pts/3', device(136, 3), 'reason: prog (PID 7) has the terminal /dev/pts/3 open'],
    ['/dev/tty', device(5, 0), 'reason: prog (PID 7) has the terminal /dev/tty open'],
    ['/dev/nvidia0', device(195, 0), 'reason: prog (PID 7) has the device /dev/nvidia0 open'],
    ['/dev/fuse', device(10, 229), 'reason: prog (PID 7) has the device /dev/fuse open'],
    ['/jobs/1-1/stdin', { file: 'fifo' }, null],
    [
      '/run/fifo',
      { file: 'fifo' },
      "reason: prog (PID 7) has the named pipe /run/fifo open, which is outside of the job's folders",
    ],
    ['pipe:[5]', { file: 'fifo' }, null],
    ['socket:[5]', { file: 'socket' }, null],
    ['/memfd:buffer', { deleted: true, writable: true, links: 0 }, null],
    ['anon_inode:[eventpoll]', { file: 'other' }, null],
    ['anon_inode:inotify', { file: 'other' }, null],
    [
      'anon_inode:[perf_event]',
      { file: 'other' },
      "reason: prog (PID 7) has a perf_event open, which CRIU can't save",
    ],
    ['/tmp/gone', { deleted: true, links: 0, size: 1000, writable: true }, null],
    [
      '/tmp/gone',
      { deleted: true, links: 0, size: 65 << 20 },
      'reason: prog (PID 7) has the removed file /tmp/gone open: 65 MiB, more than travels with an image',
    ],
    [
      '/tmp/gone',
      { deleted: true, links: 1 },
      'reason: prog (PID 7) has /tmp/gone open, which was removed there but has another name elsewhere',
    ],
    ['/jobs/1-1/tmp/gone', { deleted: true, links: 1 }, null],
    ['/proc/7/stat', {}, 'reason: prog (PID 7) has /proc/7/stat open'],
    ['/proc/meminfo', {}, "note: prog (PID 7) reads /proc/meminfo: it will be the target's"],
    [
      '/dev/shm/mine',
      { writable: true },
      "reason: prog (PID 7) shares the memory /dev/shm/mine, which is outside of the job's folders",
    ],
  ])('%s %j → %s', (target, change, expected) => {
    const found = words(judgeDescriptors(task({ descriptors: [descriptor(target, change)] }), setting));
    expect(found).toEqual(expected === null ? [] : [expected]);
  });

  it('io_uring comes with the way out', () => {
    const [found] = words(
      judgeDescriptors(task({ descriptors: [descriptor('anon_inode:[io_uring]')] }), setting),
    );
    expect(found).toMatch(
      /^reason: prog \(PID 7\) uses io_uring, which CRIU can't save; .* start on a node with perl/,
    );
  });
});

describe('what a process has mapped', () => {
  const line = (permissions: string, path: string, inode = 5): string =>
    `7f00-7f01 ${permissions} 00000000 08:01 ${inode} ${path}`;
  it.each([
    ['r-xp', '/usr/lib/libc.so.6', 'file: /usr/lib/libc.so.6'],
    ['rw-p', '/usr/lib/libc.so.6', 'file: /usr/lib/libc.so.6'],
    ['r--s', '/usr/share/cache', 'file: /usr/share/cache'],
    [
      'rw-s',
      '/var/lib/db',
      "reason: prog (PID 7) has /var/lib/db mapped for writing, which is outside of the job's folders",
    ],
    ['rw-s', '/jobs/1-1/cwd/db', null],
    ['rw-s', '/dev/zero (deleted)', null],
    ['rw-s', '/SYSV00000000 (deleted)', 'reason: prog (PID 7) uses System V shared memory'],
    ['rw-s', '/memfd:x (deleted)', null],
    ['rw-s', '/dev/shm/sem.1 (deleted)', null],
    ['rw-s', '/dev/dri/card0', 'reason: prog (PID 7) has the device /dev/dri/card0 mapped'],
    [
      'rw-s',
      'anon_inode:[perf_event]',
      "reason: prog (PID 7) has [perf_event] mapped, which CRIU can't save",
    ],
    ['rw-p', '[heap]', null],
    ['r-xp', '/usr/bin/old (deleted)', null],
  ])('%s %s → %s', (permissions, path, expected) => {
    const mappings = parseProcessMaps([line(permissions, path), line(permissions, path)].join('\n'));
    const found = words(judgeMappings(task({ mappings }), setting));
    expect(found).toEqual(expected === null ? [] : [expected]);
  });
});

describe('who a process is', () => {
  const status = (fields: Readonly<Record<string, string>>): Pick<Task, 'status'> => ({
    status: parseProcessStatus(
      Object.entries(fields)
        .map(([name, value]) => `${name}:\t${value}`)
        .join('\n'),
    ),
  });
  const recorder = task(status({ NoNewPrivs: '0', Seccomp: '2', Seccomp_filters: '1' }));

  it('nothing is said against one that is like the sh that started it', () => {
    expect(judgeIdentity(task(recorder), recorder, setting)).toEqual([]);
  });

  it.each<[string, Partial<Task>, RegExp]>([
    ['traced', status({ TracerPid: '99' }), /is being traced by PID 99/],
    [
      'no_new_privs without a filter of its own',
      status({ NoNewPrivs: '1', Seccomp_filters: '1' }),
      /has locked itself in .*Landlock/,
    ],
    ['another root', { root: '/srv/jail' }, /sees \/srv\/jail as its root folder/],
    [
      'a removed working folder',
      { cwd: '/jobs/1-1/x (deleted)' },
      /the working folder of .* was removed: \/jobs\/1-1\/x$/,
    ],
    [
      'other namespaces',
      { namespaces: { ...task().namespaces, mnt: 'mnt:[2]', pid: 'pid:[2]' } },
      /namespaces of its own \(mount, PID\)/,
    ],
  ])('%s is a reason', (_what, change, expected) => {
    const [found, ...more] = words(judgeIdentity(task({ ...recorder, ...change }), recorder, setting));
    expect(found).toMatch(expected);
    expect(more).toEqual([]);
  });

  it('a seccomp filter of its own explains no_new_privs', () => {
    const sandboxed = task(status({ NoNewPrivs: '1', Seccomp: '2', Seccomp_filters: '2' }));
    expect(judgeIdentity(sandboxed, recorder, setting)).toEqual([]);
  });

  it('for a criu without root, another uid or a filter is a reason', () => {
    expect(judgeOwner(task(status({ Uid: '1000\t1000\t1000\t1000', Seccomp: '0' })), 1000)).toEqual([]);
    expect(words(judgeOwner(task(status({ Uid: '1000\t0\t0\t0' })), 1000))[0]).toContain(
      'another user (uid 0)',
    );
    expect(
      words(judgeOwner(task(status({ Uid: '1000\t1000\t1000\t1000', Seccomp: '2' })), 1000))[0],
    ).toContain('seccomp');
  });
});
