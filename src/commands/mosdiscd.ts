import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Discovery } from '../cluster/discovery.js';
import { parseJson } from '../core/json-text.js';
import { MoskitError, RefusedError, UsageError, errnoOf, messageOf } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { resolvePaths } from '../paths.js';
import { programPath } from '../program-path.js';
import { isProcessAlive, type ProcessIdentity } from '../state/process-identity.js';
import { readLimited } from '../state/read-limited.js';
import { tryLock } from '../state/lock-file.js';
import { ensurePrivateDir } from '../state/secure-dir.js';
import { command, jsonOption, type CommandContext } from './command.js';
import { discoveryId, makeDiscoveryId, ownNumber, readProposals, saveProposals } from './discovery/files.js';
import { chooseInterfaces } from './discovery/interfaces.js';

const defaultSeconds = 5;

/** openMosix's omdiscd: machines on the same network find each other. What is found is proposed, and joined by a person. */
export const mosdiscd = command({
  name: 'mosdiscd',
  operands: '',
  count: [0, 0],
  describe:
    'Announce this machine on the local network and hear others, by multicast. What is heard is only proposed: ' +
    'showmap marks it, mosctl join takes it in.',
  options: {
    i: {
      type: 'string',
      argument: 'INTERFACES',
      describe: 'only these, as eth0,eth2 (default: that of the default route)',
    },
    n: { type: 'boolean', describe: 'stay in the foreground and show what happens' },
    m: { type: 'number', argument: 'TTL', describe: 'how many routers a packet may pass, plus one (1)' },
    interval: { type: 'number', argument: 'SECONDS', describe: 'between two announcements (5)' },
    stop: { type: 'boolean', describe: 'end the one that runs' },
    identity: { type: 'boolean', describe: 'print as JSON who this machine is to others, and whom it hears' },
    json: jsonOption,
  },
  run: async ({ options }, context) => {
    if (options.identity) return printIdentity(context);
    if (options.stop) return stopRunning(context);
    const { m: ttl = 1, interval = defaultSeconds } = options;
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > 255) throw new UsageError('-m goes from 1 to 255');
    if (!(interval >= 0.1 && interval <= 30)) throw new UsageError('--interval goes from 0.1 to 30 seconds');
    const interfaces = chooseInterfaces(options.i);
    const { stateDir, runtimeDir } = resolvePaths(context.env);
    await ensurePrivateDir(stateDir);
    await ensurePrivateDir(runtimeDir);
    const names = interfaces.map(({ name }) => name).join(',');
    if (!options.n)
      return startDaemon(['-n', '-i', names, '-m', `${ttl}`, '--interval', `${interval}`], context);
    const lock = await tryLock(lockPath(context.env));
    if (!lock.held) throw new RefusedError(`mosdiscd runs already (PID ${lock.holder.pid})`);
    const discovery = new Discovery({
      interfaces,
      ttl,
      intervalMs: interval * 1000,
      id: await makeDiscoveryId(context.env),
      name: ownName(),
      node: () => ownNumber(context.env),
      onRound: (proposals) =>
        saveProposals(context.env, proposals).catch((error: unknown) => context.note(messageOf(error))),
      onNew: (address, name) => context.print(`${name} is at IP address ${address}: mosctl join ${address}`),
    });
    try {
      await discovery.open();
      for (const { name, address } of interfaces) context.print(`announcing ${address} on ${name}`);
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
      });
      return exitCodes.done;
    } finally {
      discovery.close();
      await lock.release();
    }
  },
});

const lockPath = (env: NodeJS.ProcessEnv): string => join(resolvePaths(env).runtimeDir, 'mosdiscd.pid');

/** A name that fits into a packet, whatever the machine is called. */
function ownName(): string {
  const name = hostname()
    .replace(/[^A-Za-z0-9_.-]/g, '_')
    .slice(0, 64);
  return /^[A-Za-z0-9_]/.test(name) ? name : 'unnamed';
}

async function printIdentity(context: CommandContext): Promise<number> {
  const { machines } = await readProposals(context.env);
  context.printJson({
    id: await discoveryId(context.env),
    node: await ownNumber(context.env),
    heard: machines.map(({ id }) => id),
  });
  return exitCodes.done;
}

/** Starts itself once more, away from the terminal, and waits until that one has the lock or has given up. */
async function startDaemon(args: readonly string[], context: CommandContext): Promise<number> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const path = join(resolvePaths(context.env).stateDir, 'mosdiscd.log');
  const log = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  const child = spawn(process.execPath, [programPath(context.env), 'mosdiscd', ...args], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: context.env,
  });
  closeSync(log);
  child.unref();
  const state: { ended: number | null | undefined } = { ended: undefined };
  child.once('exit', (code) => (state.ended = code));
  child.once('error', () => (state.ended = null));
  for (const endMs = performance.now() + 10_000; performance.now() < endMs;) {
    if (state.ended !== undefined) break;
    const pid = await holder(context.env);
    if (pid === child.pid) return exitCodes.done;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new MoskitError('mosdiscd did not start', {
    hint: `its log is ${path}; mosdiscd -n shows what happens`,
  });
}

async function stopRunning(context: CommandContext): Promise<number> {
  const pid = await holder(context.env);
  if (pid === null) throw new MoskitError('mosdiscd does not run');
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
  return exitCodes.done;
}

/** PID of the one that runs; null when none does. Only looks: whoever took the lock to see would keep a new one out. */
async function holder(env: NodeJS.ProcessEnv): Promise<number | null> {
  const read = await readLimited(lockPath(env), 4096);
  const json = read.kind === 'ok' ? parseJson(read.bytes.toString('utf8')) : null;
  const { pid, startTicks, bootId } = ((json?.ok ? json.value : null) ?? {}) as Partial<ProcessIdentity>;
  if (pid === undefined || startTicks === undefined || bootId === undefined) return null;
  return isProcessAlive({ pid, startTicks, bootId }) ? pid : null;
}
