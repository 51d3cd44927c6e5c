import { readdirSync } from 'node:fs';
import { parseProcessStat, type ProcessStat } from '../../core/proc/process-stat.js';
import { readKernelFile } from './kernel-file.js';

export function readProcessStat(procRoot: string, pid: number): ProcessStat | null {
  const text = readKernelFile(`${procRoot}/${pid}/stat`);
  return text === null ? null : parseProcessStat(text);
}

/** PIDs, or thread ids of a `task` folder. */
export function listNumbers(folder: string): readonly number[] {
  try {
    return readdirSync(folder).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** The process and all below it that are there right now. Empty when it is gone. */
export function readTree(procRoot: string, root: number): readonly ProcessStat[] {
  const tree = new Map<number, ProcessStat>();
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const stat = tree.has(pid) ? null : readProcessStat(procRoot, pid);
    if (!stat) continue;
    tree.set(pid, stat);
    const children = childrenOf(procRoot, stat);
    if (children === null) return treeByParents(procRoot, root);
    open.push(...children);
  }
  return [...tree.values()];
}

/** Null on kernels built without CONFIG_PROC_CHILDREN. Children belong to the thread that forked them. */
function childrenOf(procRoot: string, { pid, threads }: ProcessStat): readonly number[] | null {
  const threadIds = threads > 1 ? listNumbers(`${procRoot}/${pid}/task`) : [pid];
  const lists = threadIds.map((thread) => readKernelFile(`${procRoot}/${pid}/task/${thread}/children`));
  if (lists.every((list) => list === null) && readProcessStat(procRoot, pid)) return null;
  return lists.flatMap((list) => (list ?? '').split(' ').filter(Boolean).map(Number));
}

function treeByParents(procRoot: string, root: number): readonly ProcessStat[] {
  const all = listNumbers(procRoot).flatMap((pid) => readProcessStat(procRoot, pid) ?? []);
  const tree = all.filter(({ pid }) => pid === root);
  for (let at = 0; at < tree.length; at++) {
    tree.push(...all.filter(({ ppid }) => ppid === tree[at]!.pid));
  }
  return tree;
}
