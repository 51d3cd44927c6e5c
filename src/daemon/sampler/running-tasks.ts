import { parseLoadavg } from '../../core/proc/loadavg.js';
import type { ProcessStat } from '../../core/proc/process-stat.js';
import { KernelFile } from './kernel-file.js';
import { listNumbers, readProcessStat } from './process-tree.js';

/** How many tasks run or wait for a processor right now, this process left out. */
export interface RunningTasks {
  count(): number;
  close(): void;
}

/** The kernel's own count, of the whole machine: one small read. */
export function countWholeMachine(procRoot: string): RunningTasks {
  const file = new KernelFile(`${procRoot}/loadavg`);
  return {
    count: () => {
      const loadavg = parseLoadavg(file.read() ?? '');
      return Math.max(0, (loadavg?.running ?? 1) - 1); // whoever reads it is running
    },
    close: () => file.close(),
  };
}

/** A process that used no processor for so many counts has no thread that could be runnable. */
const countsOfRest = 4;

interface Seen {
  readonly ticks: number;
  readonly startTicks: number;
  readonly restingCounts: number;
}

/**
 * Counts the runnable threads of the processes that `listPids` names, one by one: /proc/loadavg shows the whole machine
 * also inside a container. A process's own state is that of its first thread, so those with more threads are looked
 * into, but only while they use any processor time.
 */
export function countProcesses(
  procRoot: string,
  listPids: () => readonly number[],
  ownPid: number,
): RunningTasks {
  let seen = new Map<number, Seen>();
  return {
    count: () => {
      const now = new Map<number, Seen>();
      let running = 0;
      for (const pid of listPids()) {
        const stat = pid === ownPid ? null : readProcessStat(procRoot, pid);
        if (!stat) continue;
        if (stat.threads <= 1) {
          running += stat.state === 'R' ? 1 : 0;
          continue;
        }
        const entry = look(stat, seen.get(pid));
        now.set(pid, entry);
        if (entry.restingCounts < countsOfRest || stat.state === 'R')
          running += runningThreads(procRoot, pid);
      }
      seen = now;
      return running;
    },
    close: () => seen.clear(),
  };
}

function look({ utimeTicks, stimeTicks, startTicks }: ProcessStat, before: Seen | undefined): Seen {
  const ticks = utimeTicks + stimeTicks;
  const rested = before?.startTicks === startTicks && before.ticks === ticks;
  return { ticks, startTicks, restingCounts: rested ? before.restingCounts + 1 : 0 };
}

function runningThreads(procRoot: string, pid: number): number {
  const tasks = `${procRoot}/${pid}/task`;
  return listNumbers(tasks).filter((thread) => readProcessStat(tasks, thread)?.state === 'R').length;
}
