import { setTimeout as delay } from 'node:timers/promises';
import type { JobProcess } from './driver.js';
import { childrenOf } from './proc.js';
import { send } from './send-signal.js';
import { isHelper } from './stdin-words.js';
import { commandOf, isAlive } from './tree-members.js';

/** What a terminal sends, and what ends a job: these go to the command and its children alike. */
const forGroup = new Set([
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGTERM',
  'SIGTSTP',
  'SIGCONT',
  'SIGWINCH',
  'SIGTTIN',
  'SIGTTOU',
]);
const roundMs = 10;
const killMs = 10_000;

/**
 * Signals the job as the terminal or kill(1) would signal a local command: the foreground group, or for all others
 * (SIGUSR1 …) the command alone, whose children did not ask for them. The recording sh and the helpers outlive all of
 * them. SIGKILL ends the command and its children and leaves the sh to write that down.
 */
export async function signalJob(job: JobProcess, signal: string): Promise<void> {
  if (signal === 'SIGKILL') return killCommand(job);
  if (!(await isAlive(job))) return;
  if (forGroup.has(signal)) send(-job.pid, signal);
  else for (const pid of await mainOf(job)) send(pid, signal);
}

/** The command itself: the child of the recording sh. */
export async function mainOf(job: JobProcess): Promise<readonly number[]> {
  const children = await childrenOf(job.pid);
  const helpers = await Promise.all(children.map((pid) => isHelper(pid)));
  return children.filter((_, index) => !helpers[index]).slice(0, 1);
}

async function killCommand(job: JobProcess): Promise<void> {
  const giveUpAt = performance.now() + killMs;
  while (performance.now() < giveUpAt) {
    send(job.pid, 'SIGCONT'); // a stopped sh could not write
    const victims = await commandOf(job);
    if (victims.length === 0) return;
    for (const pid of victims) send(pid, 'SIGKILL');
    await delay(roundMs);
  }
}
