import { setTimeout as delay } from 'node:timers/promises';
import { MoskitError } from '../errors.js';
import type { ProcessStat } from '../core/proc/process-stat.js';
import type { JobProcess } from './driver.js';
import { childrenOf, isGone, readStat } from './proc.js';
import { send } from './send-signal.js';
import { treeOf } from './tree-members.js';

export { readStartTicks } from './proc.js';
export { signalJob } from './signal-job.js';
export { commandOf, isAlive, treeOf } from './tree-members.js';

const roundMs = 5;
const patientRounds = 4;
const stopMs = 5_000;
/** A process that sits in the kernel (a dead network disk) can't be ended by anybody. */
const killMs = 20_000;

/**
 * Stops everything but the recording sh, so that a death meanwhile is still written down. Resolves when all stand
 * still; new ones that appear meanwhile are stopped too.
 */
export async function stopTree(job: JobProcess): Promise<void> {
  const giveUpAt = performance.now() + stopMs;
  for (let round = 1; ; round++) {
    const running = await runningOf(job);
    if (running.length === 0) return;
    for (const { pid } of running) send(pid, 'SIGSTOP');
    if (round % patientRounds === 0) await letGoOfParents(running);
    if (performance.now() > giveUpAt)
      throw new MoskitError(`PID ${running[0]!.pid} can't be stopped: it sits in the kernel`);
    await delay(roundMs);
  }
}

/** Who called vfork(2) waits in the kernel until its child has begun another program: such a child may not stop yet. */
async function letGoOfParents(running: readonly ProcessStat[]): Promise<void> {
  const waiting = running.filter(({ state }) => state === 'D');
  const children = (await Promise.all(waiting.map(({ pid }) => childrenOf(pid)))).flat();
  for (const pid of children) send(pid, 'SIGCONT');
}

async function runningOf(job: JobProcess): Promise<readonly ProcessStat[]> {
  const pids = (await treeOf(job)).filter((pid) => pid !== job.pid);
  const stats = await Promise.all(pids.map((pid) => readStat(pid)));
  return stats.flatMap((stat) => (stat && !isGone(stat) && !isStopped(stat.state) ? [stat] : []));
}

function isStopped(state: string): boolean {
  return state === 'T' || state === 't';
}

/** Those that stand still, as this machine's PIDs: what must not be continued by somebody who stops the whole tree. */
export async function stoppedOf(job: JobProcess): Promise<readonly number[]> {
  const stats = await Promise.all((await treeOf(job)).map((pid) => readStat(pid)));
  return stats.flatMap((stat) => (stat && isStopped(stat.state) ? [stat.pid] : []));
}

/** The recording sh comes last: its command should be awake before it is looked after. */
export async function continueTree(job: JobProcess, except: readonly number[] = []): Promise<void> {
  const pids = (await treeOf(job)).filter((pid) => !except.includes(pid));
  for (const pid of pids.reverse()) send(pid, 'SIGCONT');
}

/** No survivors; resolves when all are gone. The sh goes first, or it would write down how its command died. */
export async function killTree(job: JobProcess): Promise<void> {
  const giveUpAt = performance.now() + killMs;
  for (;;) {
    const alive = await treeOf(job);
    if (alive.length === 0) return;
    for (const pid of alive) send(pid, 'SIGKILL');
    if (performance.now() > giveUpAt)
      throw new MoskitError(`PID ${alive[0]} does not end: it sits in the kernel`);
    await delay(roundMs);
  }
}
