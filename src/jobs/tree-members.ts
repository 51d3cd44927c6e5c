import type { JobProcess } from './driver.js';
import { allStats, childrenOf, isGone, readStat } from './proc.js';
import { isHelper } from './stdin-words.js';

/** Is this very process still there? A zombie counts as gone. */
export async function isAlive({ pid, startTicks }: JobProcess): Promise<boolean> {
  const stat = await readStat(pid);
  return stat !== null && !isGone(stat) && stat.startTicks === startTicks;
}

/** All processes of the job, this machine's PIDs, the recording sh first. Empty when all are gone. */
export async function treeOf(job: JobProcess): Promise<readonly number[]> {
  if (job.mode === 'plain') return sessionOf(job);
  return (await isAlive(job)) ? descendantsOf(job.pid) : [];
}

/** In a PID namespace orphans become children of its PID 1, so the descendants are everybody. */
async function descendantsOf(root: number): Promise<readonly number[]> {
  const found = new Set([root]);
  for (const pid of found) for (const child of await childrenOf(pid)) found.add(child);
  return [...found];
}

/**
 * Without a namespace: who is in the session, and who descends from one that is. The kernel keeps the number of a
 * session for as long as it has a member, so also what outlived its leader is known by it.
 */
async function sessionOf({ pid: root, startTicks }: JobProcess): Promise<readonly number[]> {
  const leader = await readStat(root);
  if (leader !== null && leader.startTicks !== startTicks) return [];
  const stats = allStats().filter((stat) => !isGone(stat) && stat.startTicks >= startTicks);
  const inside = new Set(stats.filter((stat) => stat.session === root).map((stat) => stat.pid));
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const stat of stats) if (inside.has(stat.ppid)) inside.add(stat.pid);
  }
  return [...inside].sort((a, b) => Number(b === root) - Number(a === root));
}

/** What the user started, and its children: the tree without what moskit itself put into it. */
export async function commandOf(job: JobProcess): Promise<readonly number[]> {
  const pids = (await treeOf(job)).filter((pid) => pid !== job.pid);
  const helpers = await Promise.all(pids.map((pid) => isHelper(pid)));
  return pids.filter((_, index) => !helpers[index]);
}
