import { spawn } from 'node:child_process';
import { open, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobExit } from '../core/cluster-map.js';
import { MoskitError, errnoOf } from '../errors.js';
import type { JobFolder, JobProcess } from './driver.js';
import { readStat, treeOf } from './process-tree.js';
import { isFeeder, isKeeper, keeperArgs } from './sandbox-helpers.js';

const startMs = 10_000;
const maxMessagesBytes = 4096;

/**
 * The recording sh, first process of every job. It survives the signals that reach the command's group (a trap is
 * reset in the command, an ignored signal would be inherited) and writes the command's status to `exit`. Its own
 * stderr is `messages`: sh says something there only when the command could not start or died of a signal.
 *
 * Standard input comes from the spool `stdin.data` through `tail` and a fifo, all in the tree: nobody outside holds
 * an end, so it moves with the job and survives mosd. Arguments: umask, folder, working folder, stdin mode, command.
 */
const recorder = `
umask "$1"; dir=$2; cwd=$3; in=$4; shift 4
exec 2>>"$dir/messages"
trap : HUP INT QUIT USR1 USR2 ALRM TERM
if cd "$cwd"; then
  if [ "$in" = stream ]; then
    (trap '' HUP INT QUIT USR1 USR2 ALRM TERM; exec ${keeperArgs.join(' ')}) </dev/null >/dev/null 2>&1 &
    keeper=$!
    (trap '' HUP INT QUIT USR1 USR2 ALRM TERM
     exec tail -c +1 -f -s 0.05 ---disable-inotify --pid="$keeper" "$dir/stdin.data") </dev/null >"$dir/stdin" 2>/dev/null &
    "$@" <"$dir/stdin" >>"$dir/stdout" 2>>"$dir/stderr"
  else
    "$@" </dev/null >>"$dir/stdout" 2>>"$dir/stderr"
  fi
  code=$?
else
  code=126
fi
echo "$code" >"$dir/exit"
[ -z "$keeper" ] || kill -9 "$keeper"
`;

export interface StartOptions {
  readonly folder: JobFolder;
  readonly argv: readonly string[];
  /** `NAME=value`, all of it. */
  readonly env: readonly string[];
  readonly umask: number;
  readonly stdin: 'none' | 'stream';
  /** Words put before the recorder, for example setpriv with a seccomp filter. */
  readonly wrapper?: readonly string[];
}

/** Starts a command that needs nobody: no descriptor of ours, no process of ours. PID 1 of a namespace for root. */
export async function startJob(options: StartOptions): Promise<JobProcess> {
  const { folder, stdin } = options;
  await rm(join(folder.dir, 'exit'), { force: true });
  for (const name of ['stdout', 'stderr', 'messages', 'stdin.data']) await touch(join(folder.dir, name));
  if (stdin === 'stream') await makeFifo(join(folder.dir, 'stdin'));
  const mode = process.getuid?.() === 0 ? 'pidns' : 'plain';
  const words = [
    ...(mode === 'pidns' ? ['unshare', '--pid', '--fork', 'setsid'] : []),
    ...(options.wrapper ?? []),
    ...['sh', '-c', recorder, 'moskit-job', options.umask.toString(8), folder.dir, folder.cwd, stdin],
    ...options.argv,
  ];
  const child = spawn(words[0]!, words.slice(1), {
    cwd: '/',
    env: Object.fromEntries(options.env.map(splitPair)),
    stdio: 'ignore',
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new MoskitError(`the job can't be started: ${error.message}`, { cause: error })));
  });
  child.unref();
  return identify(child.pid!, mode, folder);
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** The sh as this machine sees it: our child, or the one child of unshare(1). */
async function identify(spawned: number, mode: JobProcess['mode'], folder: JobFolder): Promise<JobProcess> {
  for (const end = Date.now() + startMs; Date.now() < end; await delay(5)) {
    const pid = mode === 'plain' ? spawned : await onlyChild(spawned);
    const stat = pid === null ? null : await readStat(pid);
    if (stat?.session === stat?.pid && stat && !['unshare', 'setsid'].includes(stat.comm)) {
      return { pid: stat.pid, startTicks: stat.startTicks, mode };
    }
    if ((await readStat(spawned)) === null || (await readExit(folder))) break;
  }
  throw new MoskitError('the job ended before it could be looked at, or did not start', {
    hint: 'is unshare(1) allowed on this node?',
  });
}

async function onlyChild(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const first = text.trim().split(' ')[0];
  return first ? Number(first) : null;
}

async function touch(path: string): Promise<void> {
  await (await open(path, 'a', 0o600)).close();
}

async function makeFifo(path: string): Promise<void> {
  await rm(path, { force: true });
  const child = spawn('mkfifo', ['-m', '600', path], { stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new MoskitError(`no fifo can be made in the job's folder: ${path}`);
}

/** The command's end as the sh recorded it; null while there is none. */
export async function readExit(folder: JobFolder): Promise<JobExit | null> {
  let text: string;
  try {
    text = await readFile(join(folder.dir, 'exit'), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  if (!text.endsWith('\n')) return null;
  return exitOf(Number(text.trim()), await readMessages(folder));
}

/**
 * sh gives 128 + n for a death by signal and for a program that exits with that number. It tells them apart by a word
 * on its stderr ("Terminated"), except for the two that it passes over in silence.
 */
export function exitOf(code: number, messages: string): JobExit {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  if (code <= 128 || signal === undefined) return { kind: 'code', code };
  const isSilent = signal === 'SIGINT' || signal === 'SIGPIPE';
  return isSilent || messages.trim() !== '' ? { kind: 'signal', signal } : { kind: 'code', code };
}

/** What the sh said: the reason of a 126 or 127. */
export async function readMessages(folder: JobFolder): Promise<string> {
  const file = await open(join(folder.dir, 'messages'), 'r').catch(() => null);
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxMessagesBytes), 0, maxMessagesBytes, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}

/** Ends the keeper, so that the feeder sends what is left and then the end of input. Harmless when repeated. */
export async function endStdin(job: JobProcess): Promise<void> {
  for (const pid of await treeOf(job)) {
    if (await isKeeper(pid)) {
      process.kill(pid, 'SIGKILL');
      return;
    }
  }
}

/** How far the feeder has read the spool, bytes; null when there is none. */
export async function stdinPosition(job: JobProcess, folder: JobFolder): Promise<number | null> {
  const spool = join(folder.dir, 'stdin.data');
  for (const pid of await treeOf(job)) {
    if (!(await isFeeder(pid))) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) !== spool) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '');
      return Number(/^pos:\s*(\d+)/m.exec(info)?.[1] ?? 0);
    }
  }
  return null;
}
