import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseProcessStat, type ProcessStat } from '../core/proc/process-stat.js';
import { errnoOf } from '../errors.js';
import type { JobProcess } from './driver.js';
import { isHelper } from './sandbox-helpers.js';

const killRoundMs = 10;
const killRounds = 1_000;

/** Null when there is no such process (any more). */
export async function readStat(pid: number): Promise<ProcessStat | null> {
  try {
    return parseProcessStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat, or null. */
export async function readStartTicks(pid: number): Promise<number | null> {
  const stat = await readStat(pid);
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.startTicks;
}

/** Is this very process still there? A zombie counts as gone. */
export async function isAlive({ pid, startTicks }: JobProcess): Promise<boolean> {
  return (await readStartTicks(pid)) === startTicks;
}

/** All processes of the job, this machine's PIDs, the recording sh first. Empty when it is gone. */
export async function treeOf(process: JobProcess): Promise<readonly number[]> {
  if (!(await isAlive(process))) return process.mode === 'plain' ? sessionOf(process.pid) : [];
  return process.mode === 'pidns' ? descendantsOf(process.pid) : sessionOf(process.pid);
}

/** In a PID namespace orphans become children of its PID 1, so the descendants are everybody. */
async function descendantsOf(root: number): Promise<readonly number[]> {
  const found = [root];
  for (const pid of found) {
    for (const task of await readdir(`/proc/${pid}/task`).catch(() => [])) {
      const children = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '');
      found.push(...children.split(' ').filter(Boolean).map(Number));
    }
  }
  return found;
}

/** Without a namespace: who is in the session, and who descends from one that is. */
async function sessionOf(root: number): Promise<readonly number[]> {
  const stats = await allStats();
  const inside = new Set(stats.filter((stat) => stat.session === root || stat.pid === root).map((stat) => stat.pid));
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const stat of stats) if (inside.has(stat.ppid)) inside.add(stat.pid);
  }
  return [...inside].sort((a, b) => Number(b === root) - Number(a === root));
}

async function allStats(): Promise<readonly ProcessStat[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readStat(Number(pid))));
  return stats.filter((stat): stat is ProcessStat => stat !== null && stat.state !== 'Z' && stat.state !== 'X');
}

/** A terminal's signal goes to the foreground group; so does ours. SIGKILL spares the sh that records the exit status. */
export async function signalJob(process: JobProcess, signal: string): Promise<void> {
  if (signal === 'SIGKILL') return killCommand(process);
  const groups = new Set<number>();
  for (const pid of await treeOf(process)) {
    const stat = await readStat(pid);
    if (stat && stat.session === process.pid) groups.add(stat.pgrp);
  }
  // The command's own group first; others only when the program made some, as a shell's job control does.
  if (groups.has(process.pid)) send(-process.pid, signal);
  else for (const group of groups) send(-group, signal);
}

/** Ends the command and its children; the sh sees it die and writes the status down. */
async function killCommand(process: JobProcess): Promise<void> {
  for (let round = 0; round < killRounds; round++) {
    const victims = await commandOf(process);
    if (victims.length === 0) return;
    for (const pid of victims) send(pid, 'SIGKILL');
    await delay(killRoundMs);
    if (!(await isAlive(process))) return;
  }
}

/** The tree without what moskit itself put into it. */
export async function commandOf(process: JobProcess): Promise<readonly number[]> {
  const pids = (await treeOf(process)).filter((pid) => pid !== process.pid);
  const helpers = await Promise.all(pids.map((pid) => isHelper(pid)));
  return pids.filter((_, index) => !helpers[index]);
}

/** Stops every process. New ones that appear meanwhile are stopped in a further round. */
export async function stopTree(process: JobProcess): Promise<void> {
  const stopped = new Set<number>();
  for (;;) {
    const running = (await treeOf(process)).filter((pid) => !stopped.has(pid));
    if (running.length === 0) return;
    for (const pid of running) {
      send(pid, 'SIGSTOP');
      stopped.add(pid);
    }
  }
}

/** Children first: the sh must not see a child of its group stopped. */
export async function continueTree(process: JobProcess): Promise<void> {
  for (const pid of [...(await treeOf(process))].reverse()) send(pid, 'SIGCONT');
}

/** No survivors; resolves when all are gone. */
export async function killTree(process: JobProcess): Promise<void> {
  for (let round = 0; round < killRounds; round++) {
    const alive = await treeOf(process);
    if (alive.length === 0) return;
    for (const pid of alive) send(pid, 'SIGKILL');
    await delay(killRoundMs);
  }
}

/** Namespace link of a process, for example `pid:[4026531836]`; null when it is gone or not ours to see. */
export function namespaceOf(pid: number, kind: string): Promise<string | null> {
  return readlink(`/proc/${pid}/ns/${kind}`).catch(() => null);
}

function send(target: number, signal: string): void {
  try {
    process.kill(target, signal as NodeJS.Signals);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
