import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { parseProcessStat, type ProcessStat } from '../core/proc/process-stat.js';

/** Null when there is no such process (any more). */
export async function readStat(pid: number): Promise<ProcessStat | null> {
  try {
    return parseProcessStat(await readFile(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** It has let go of everything; only its exit status is left for its parent. */
export function isGone(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X';
}

/** Field 22 of /proc/PID/stat, or null when it has ended. */
export async function readStartTicks(pid: number): Promise<number | null> {
  const stat = await readStat(pid);
  return stat === null || isGone(stat) ? null : stat.startTicks;
}

/** Every process there is. Read in one go: a task of the thread pool for each of hundreds would take ten times as long. */
export function allStats(): readonly ProcessStat[] {
  return allPids().flatMap((pid) => {
    try {
      return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

export function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

let hasChildrenFiles: Promise<boolean> | undefined;

/** Kernels without CONFIG_PROC_CHILDREN make it slow: then every process is asked for its parent. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  hasChildrenFiles ??= readFile(`/proc/self/task/${process.pid}/children`).then(
    () => true,
    () => false,
  );
  if (!(await hasChildrenFiles)) {
    return allStats()
      .filter((stat) => stat.ppid === pid && !isGone(stat))
      .map((stat) => stat.pid);
  }
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'latin1').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

/** Namespace of a process, for example `pid:[4026531836]`; null when it is gone or not ours to see. */
export function namespaceOf(pid: number, kind: string): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/${kind}`).catch(() => null);
}
