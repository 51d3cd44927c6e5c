import { ghostLimitBytes, isInside, mebibytes, reason, type Finding, type Setting } from './finding.js';
import type { Descriptor, Task } from './task.js';

/** null, zero, full, random, urandom: the same everywhere. */
const plainDevices = new Set(['1:3', '1:5', '1:7', '1:8', '1:9']);
/** Kernel objects without a path that CRIU can make anew. */
const savable = new Set(['[eventfd]', '[eventpoll]', '[signalfd]', '[timerfd]', 'inotify', '[fanotify]']);

/** Sockets are judged by judgeSockets. */
export function judgeDescriptors(task: Task, setting: Setting): readonly Finding[] {
  return task.descriptors.flatMap((descriptor) => judge(task, descriptor, setting));
}

function judge(task: Task, descriptor: Descriptor, setting: Setting): readonly Finding[] {
  const { target, file } = descriptor;
  if (target.startsWith('anon_inode:')) return judgeKernelObject(task, target.slice('anon_inode:'.length));
  if (!target.startsWith('/') || file === 'socket' || target.startsWith('/memfd:')) return [];
  if (file === 'character device' || file === 'block device') return judgeDevice(task, descriptor);
  if (file === 'folder') return judgeFolder(task, descriptor, setting);
  if (file === 'fifo') {
    if (isInside(target, setting)) return [];
    return [reason(`${task.name} has the named pipe ${target} open, which is outside of the job's folders`)];
  }
  return judgeFile(task, descriptor, setting);
}

function judgeKernelObject(task: Task, name: string): readonly Finding[] {
  if (savable.has(name)) return [];
  if (name === '[io_uring]') {
    return [reason(`${task.name} uses io_uring, which CRIU can't save; ${ioUringHint}`)];
  }
  return [reason(`${task.name} has a ${name.replace(/^\[|\]$/g, '')} open, which CRIU can't save`)];
}

export function sharedMemory(task: Task, path: string): Finding {
  return reason(`${task.name} shares the memory ${path}, which is outside of the job's folders`);
}

const ioUringHint =
  'as root, jobs are kept from it when they start on a node with perl, Python or util-linux 2.41';

function judgeDevice(task: Task, { target, device, file }: Descriptor): readonly Finding[] {
  const [major, minor] = device;
  if (file === 'character device' && plainDevices.has(`${major}:${minor}`)) return [];
  const isTerminal = major === 5 || major === 4 || (major >= 136 && major <= 143);
  return [
    reason(
      isTerminal
        ? `${task.name} has the terminal ${target} open`
        : `${task.name} has the device ${target} open`,
    ),
  ];
}

function judgeFolder(task: Task, { target, deleted }: Descriptor, setting: Setting): readonly Finding[] {
  if (deleted) return [reason(`${task.name} has the folder ${target} open, which was removed`)];
  return isInside(target, setting) ? [] : [{ kind: 'folder', path: target }];
}

function judgeFile(task: Task, descriptor: Descriptor, setting: Setting): readonly Finding[] {
  const { target, deleted, writable, size, links } = descriptor;
  if (deleted) return judgeDeleted(task, target, size, links, setting);
  if (isInside(target, setting)) return [];
  if (/^\/(proc|sys)\//.test(target)) return judgeKernelFile(task, target, writable);
  if (target.startsWith('/dev/shm/')) return [sharedMemory(task, target)];
  if (writable) {
    return [reason(`${task.name} has ${target} open for writing, which is outside of the job's folders`)];
  }
  return [{ kind: 'file', path: target }];
}

export function judgeDeleted(
  task: Task,
  path: string,
  size: number,
  links: number,
  setting: Setting,
): readonly Finding[] {
  if (links > 0 && !isInside(path, setting)) {
    return [reason(`${task.name} has ${path} open, which was removed there but has another name elsewhere`)];
  }
  if (size > ghostLimitBytes) {
    return [
      reason(
        `${task.name} has the removed file ${path} open: ${mebibytes(size)}, more than travels with an image`,
      ),
    ];
  }
  return [];
}

/** The kernel's own files are there on every machine, except those of a process, which are named by its number. */
function judgeKernelFile(task: Task, path: string, writable: boolean): readonly Finding[] {
  if (/^\/proc\/\d+(\/|$)/.test(path) || writable) return [reason(`${task.name} has ${path} open`)];
  return [{ kind: 'note', text: `${task.name} reads ${path}: it will be the target's` }];
}
