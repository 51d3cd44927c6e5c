import type { Mount } from './mountinfo.js';

export type Controller = 'cpu' | 'cpuacct' | 'memory';

/** One line of /proc/self/cgroup: `hierarchy:controllers:path`. The unified (v2) hierarchy has number 0 and no controllers. */
export interface CgroupMembership {
  readonly hierarchy: number;
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Where the files of one controller are for this process, and the groups above it as far as they can be seen. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  /** Own group first; each next one is its parent. Limits of all of them hold. */
  readonly folders: readonly string[];
}

export function parseCgroupMembership(text: string): readonly CgroupMembership[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (!match) return [];
    const [, hierarchy, controllers = '', path = ''] = match;
    return [{ hierarchy: Number(hierarchy), controllers: controllers.split(',').filter(Boolean), path }];
  });
}

/**
 * Hybrid machines have some controllers in v1 hierarchies and a v2 tree without them, so each controller is looked for
 * in v1 first. Null when its files can't be seen.
 */
export function findCgroup(
  controller: Controller,
  memberships: readonly CgroupMembership[],
  mounts: readonly Mount[],
): CgroupPlace | null {
  const old = memberships.find(({ controllers }) => controllers.includes(controller));
  const unified = memberships.find(
    ({ hierarchy, controllers }) => hierarchy === 0 && controllers.length === 0,
  );
  const membership = old ?? unified;
  const mount = mounts.findLast(({ type, superOptions }) =>
    old ? type === 'cgroup' && superOptions.includes(controller) : type === 'cgroup2',
  );
  if (!membership || !mount) return null;
  return { version: old ? 1 : 2, folders: foldersUpwards(mount, membership.path) };
}

/**
 * The mount shows the hierarchy from `root` down. A container without a cgroup namespace has its own group mounted
 * there, and a path as the host sees it: what lies above `root` is cut off.
 */
function foldersUpwards({ root, mountPoint }: Mount, path: string): readonly string[] {
  const names = pathBelow(root, path).split('/').filter(Boolean);
  return names
    .map((_, depth) => `${mountPoint}/${names.slice(0, names.length - depth).join('/')}`)
    .concat(mountPoint);
}

function pathBelow(root: string, path: string): string {
  if (path.split('/').includes('..')) return '/'; // the group is outside of what our cgroup namespace shows
  if (root === '/') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '/';
}
