import type { Mapping } from '../../core/proc/process-maps.js';
import { sharedMemory } from './descriptors.js';
import { isInside, reason, type Finding, type Setting } from './finding.js';
import type { Task } from './task.js';

/** Program, libraries and whatever else is mapped into the memory of a process. */
export function judgeMappings(task: Task, setting: Setting): readonly Finding[] {
  const seen = new Set<string>();
  return task.mappings.flatMap((mapping) => {
    const isWritten = mapping.permissions[1] === 'w' && mapping.permissions[3] === 's';
    const key = `${mapping.path} ${isWritten}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return judge(task, mapping, isWritten, setting);
  });
}

function judge(task: Task, mapping: Mapping, isWritten: boolean, setting: Setting): readonly Finding[] {
  const { path, deleted } = mapping;
  if (path === 'anon_inode:[io_uring]') return []; // its descriptor is told already
  if (path.startsWith('anon_inode:')) {
    return [reason(`${task.name} has ${path.slice('anon_inode:'.length)} mapped, which CRIU can't save`)];
  }
  if (!path.startsWith('/') || path.startsWith('/memfd:') || path === '/[aio]') return [];
  if (path === '/dev/zero' || path.startsWith('/anon_hugepage')) return []; // shared memory without a name
  if (path.startsWith('/SYSV')) return [reason(`${task.name} uses System V shared memory`)];
  if (deleted || isInside(path, setting)) return [];
  if (path.startsWith('/dev/shm/')) return [sharedMemory(task, path)];
  if (path.startsWith('/dev/')) return [reason(`${task.name} has the device ${path} mapped`)];
  if (isWritten) {
    return [reason(`${task.name} has ${path} mapped for writing, which is outside of the job's folders`)];
  }
  return [{ kind: 'file', path }];
}
