import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCgroup, parseCgroupMembership } from '../../../src/core/proc/cgroup-place.js';
import { parseMountinfo } from '../../../src/core/proc/mountinfo.js';
import { captureText, container, virtualMachine } from './fixtures.js';

function placeOf(host: string, controller: 'cpu' | 'cpuacct' | 'memory') {
  return findCgroup(
    controller,
    parseCgroupMembership(captureText(host, 'proc/self/cgroup')),
    parseMountinfo(captureText(host, 'proc/self/mountinfo')),
  );
}

describe('findCgroup', () => {
  test('takes the v1 hierarchy where a machine has both', () => {
    expect(placeOf(virtualMachine, 'memory')).toEqual({
      version: 1,
      folders: ['/sys/fs/cgroup/memory/workers/a1', '/sys/fs/cgroup/memory/workers', '/sys/fs/cgroup/memory'],
    });
  });

  test('takes the v2 tree of a container', () => {
    expect(placeOf(container, 'cpu')).toEqual({ version: 2, folders: ['/sys/fs/cgroup'] });
  });

  test('finds a v2 group of a login session', () => {
    const place = findCgroup(
      'cpu',
      parseCgroupMembership('0::/user.slice/user-1000.slice/session-2.scope\n'),
      parseMountinfo('30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'),
    );
    expect(place?.folders[0]).toBe('/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope');
    expect(place?.folders).toHaveLength(4);
  });

  test('cuts off the host’s part of a path where a container has its own group mounted', () => {
    const place = findCgroup(
      'cpu',
      parseCgroupMembership('4:cpu,cpuacct:/docker/abc/inner\n'),
      parseMountinfo('40 39 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n'),
    );
    expect(place?.folders).toEqual(['/sys/fs/cgroup/cpu,cpuacct/inner', '/sys/fs/cgroup/cpu,cpuacct']);
  });

  test.each([
    ['/docker/abc', '/elsewhere'],
    ['/docker/abc', '/docker/abcdef/x'],
    ['/', '/../../outside'],
    ['/..', '/x'],
  ])('a mount of %s shows nothing of %s: it goes no further', (root, path) => {
    const mount = `40 39 0:30 ${root} /cg ro - cgroup cgroup rw,cpu\n`;
    const place = findCgroup('cpu', parseCgroupMembership(`4:cpu:${path}\n`), parseMountinfo(mount));
    expect(place?.folders).toEqual(['/cg']);
  });

  test('is null where nothing is mounted', () => {
    expect(findCgroup('cpu', parseCgroupMembership('0::/\n'), [])).toBeNull();
    expect(findCgroup('cpu', [], [])).toBeNull();
  });
});

test('no text makes them throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (cgroup, mounts) => {
      findCgroup('cpu', parseCgroupMembership(cgroup), parseMountinfo(mounts));
    }),
  );
});
