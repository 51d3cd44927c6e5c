import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryConnectMosd } from '../cluster/mosd-client.js';
import { MoskitError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { resolvePaths } from '../paths.js';
import { isProcessAlive, type ProcessIdentity } from '../state/process-identity.js';
import { command, jsonOption } from './command.js';

const endMs = 10_000;
const pollMs = 20;

export const stop = command({
  name: 'moskit stop',
  operands: '',
  count: [0, 0],
  describe: 'End mosd of this user on this machine. Jobs go on; the next mosd adopts them.',
  options: { json: jsonOption },
  run: async ({ options }, context) => {
    const mosd = runningProcess(context.env);
    if (mosd) {
      if (!(await askToEnd(context.env))) process.kill(mosd.pid, 'SIGTERM');
      await untilEnded(mosd);
    }
    if (options.json) context.printJson({ stopped: mosd !== null });
    else if (!mosd) context.note('mosd does not run');
    return exitCodes.done;
  },
});

/** False when it can't be asked: it is of a version that we can't talk to, or hangs. */
async function askToEnd(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const client = await tryConnectMosd({ start: false, env, anyVersion: true, timeoutMs: endMs });
    if (!client) return false;
    // It may close the link before its answer is out: either is what was asked for.
    await Promise.race([client.request('shutdown', {}, { timeoutMs: endMs }), client.closed]);
    client.close();
    return true;
  } catch {
    return false;
  }
}

async function untilEnded(mosd: ProcessIdentity): Promise<void> {
  const deadline = performance.now() + endMs;
  while (isProcessAlive(mosd)) {
    if (performance.now() > deadline)
      throw new MoskitError(`mosd (PID ${mosd.pid}) does not end`, { hint: `kill -9 ${mosd.pid}` });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Whoever holds mosd's lock. */
function runningProcess(env: NodeJS.ProcessEnv): ProcessIdentity | null {
  try {
    const path = join(resolvePaths(env).runtimeDir, 'mosd.pid');
    if (lstatSync(path).uid !== process.getuid?.()) return null; // somebody else must not name what we end
    const { pid, startTicks, bootId } = JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
    const holder = { pid, startTicks, bootId };
    return Number.isInteger(pid) && pid > 1 && isProcessAlive(holder) ? holder : null;
  } catch {
    return null;
  }
}
