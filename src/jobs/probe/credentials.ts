import { statusUids } from '../../core/proc/process-status.js';
import { isInside, reason, type Finding, type Setting } from './finding.js';
import { namespaceKinds, type NamespaceKind, type Task } from './task.js';

/** Who a process is and where it lives, compared with the recording sh, which moskit started. */
export function judgeIdentity(task: Task, recorder: Task, setting: Setting): readonly Finding[] {
  return [
    ...judgeTracing(task),
    ...judgeSelfSandboxing(task, recorder),
    ...judgeNamespaces(task, recorder),
    ...judgePlace(task, recorder, setting),
  ];
}

/** For a CRIU that has not all the rights of root. */
export function judgeOwner(task: Task, uid: number): readonly Finding[] {
  const foreign = statusUids(task.status).find((id) => id !== uid);
  if (foreign !== undefined) return [reason(`${task.name} runs as another user (uid ${foreign})`)];
  if (task.status.get('Seccomp') === '2') {
    return [reason(`${task.name} runs under a seccomp filter, which only root may save`)];
  }
  return [];
}

function judgeTracing(task: Task): readonly Finding[] {
  const tracer = task.status.get('TracerPid') ?? '0';
  return tracer === '0' ? [] : [reason(`${task.name} is being traced by PID ${tracer} (a debugger?)`)];
}

/**
 * Landlock shows nowhere in /proc, but asks for no_new_privs first. A program that has set it and has no seccomp
 * filter of its own to show for it has most likely locked itself in.
 */
function judgeSelfSandboxing(task: Task, recorder: Task): readonly Finding[] {
  const isLockedIn = task.status.get('NoNewPrivs') === '1' && recorder.status.get('NoNewPrivs') !== '1';
  const hasOwnFilter = filtersOf(task) > filtersOf(recorder);
  if (!isLockedIn || hasOwnFilter) return [];
  return [
    reason(
      `${task.name} has locked itself in (no_new_privs is set, so probably Landlock), and CRIU can't get in`,
    ),
  ];
}

function filtersOf({ status }: Task): number {
  return Number(status.get('Seccomp_filters') ?? (status.get('Seccomp') === '2' ? 1 : 0));
}

const namespaceWords: Readonly<Record<NamespaceKind, string>> = {
  mnt: 'mount',
  net: 'network',
  ipc: 'IPC',
  uts: 'UTS',
  user: 'user',
  pid: 'PID',
  cgroup: 'cgroup',
  time: 'time',
};

function judgeNamespaces(task: Task, recorder: Task): readonly Finding[] {
  const own = namespaceKinds.filter(
    (kind) => task.namespaces[kind] !== null && task.namespaces[kind] !== recorder.namespaces[kind],
  );
  if (own.length === 0) return [];
  const words = own.map((kind) => namespaceWords[kind]).join(', ');
  return [
    reason(
      `${task.name} lives in namespaces of its own (${words}): a container or sandbox inside of the job`,
    ),
  ];
}

function judgePlace(task: Task, recorder: Task, setting: Setting): readonly Finding[] {
  if (task.root !== recorder.root) return [reason(`${task.name} sees ${task.root} as its root folder`)];
  if (task.cwd.endsWith(' (deleted)')) {
    return [
      reason(`the working folder of ${task.name} was removed: ${task.cwd.slice(0, -' (deleted)'.length)}`),
    ];
  }
  return isInside(task.cwd, setting) ? [] : [{ kind: 'folder', path: task.cwd }];
}
