import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { resolvePaths } from '../paths.js';

/** Set by the build: true in the program that the fault tests bring to their lab, false in every other. */
declare const WITH_FAULTS: boolean | undefined;

const holdLookMs = 20;

/**
 * A named step of a move, where a test may end, stop or hold this mosd: the first line of `fault` in its state folder
 * names the step, the second says what happens. In the program that users have, this is an empty function.
 */
export async function reach(step: string): Promise<void> {
  if (typeof WITH_FAULTS === 'undefined' || !WITH_FAULTS) return;
  const { stateDir } = resolvePaths();
  const order = join(stateDir, 'fault');
  if (!existsSync(order)) return;
  const [wanted, action] = readFileSync(order, 'utf8').trim().split('\n');
  if (wanted !== step) return;
  const hit = join(stateDir, 'fault.hit');
  renameSync(order, hit);
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  else if (action === 'stop') process.kill(process.pid, 'SIGSTOP');
  else while (existsSync(hit)) await delay(holdLookMs);
}
