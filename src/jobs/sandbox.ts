import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeError } from '../disk-error.js';
import type { JobFolder, JobProcess } from './driver.js';
import { commandProblem } from './find-command.js';
import { withoutIoUring } from './io-uring.js';
import { readExit } from './job-exit.js';
import { makeFifo } from './make-fifo.js';
import { unshareWords } from './namespaces.js';
import { recorderScript, recorderShell } from './recorder.js';
import { spawnRecorder } from './spawn-recorder.js';
import { argvOf, isHelperArgv } from './stdin-words.js';
import { isAlive, treeOf } from './tree-members.js';

export { exitOf, readExit, readMessages } from './job-exit.js';
export { endStdin, stdinPosition } from './stdin-feeder.js';

const lookMs = 2;

export interface StartOptions {
  readonly folder: JobFolder;
  readonly argv: readonly string[];
  /** `NAME=value`, all of it. TMPDIR should be the job's own `tmp`, or its temporary files do not move with it. */
  readonly env: readonly string[];
  readonly umask: number;
  readonly stdin: 'none' | 'stream';
  /** Default: where this machine lets us make one. */
  readonly pidNamespace?: boolean;
  /** Called before the command runs: what is written down here can't be lost. A failure keeps the job from starting. */
  readonly onIdentified?: (process: JobProcess) => Promise<void>;
}

/**
 * Starts a command that needs nobody: no descriptor of ours, no process of ours. Started as root it gets PIDs and
 * clocks of its own, and no io_uring where that could keep it from moving. Resolves when the command runs. One that
 * can't be started ends with 126 or 127 and a reason in `messages`.
 */
export async function startJob(options: StartOptions): Promise<JobProcess> {
  const { folder, env, stdin } = options;
  await makeStreams(folder.dir, stdin).catch((error: unknown) => {
    throw writeError(`cannot make the job's files in ${folder.dir}`, folder.dir, error);
  });
  const problem = await commandProblem(options.argv[0] ?? '', env, folder.cwd);
  const namespaces = options.pidNamespace === false ? null : await unshareWords();
  const words = [
    ...(namespaces ?? []),
    ...(await withoutIoUring(env)),
    ...(namespaces ? ['setsid'] : []), // its session must begin inside of the namespace
    ...recorderShell(env),
    ...['-c', recorderScript, 'moskit-job', options.umask.toString(8), folder.dir, stdin],
    ...[String(problem?.code ?? 0), problem?.text ?? ''],
    ...options.argv,
  ];
  const mode = namespaces ? 'pidns' : 'plain';
  const job = await spawnRecorder(words, { cwd: folder.cwd, env, mode, onIdentified: options.onIdentified });
  await commandRuns(job, folder);
  return job;
}

async function makeStreams(dir: string, stdin: StartOptions['stdin']): Promise<void> {
  await rm(join(dir, 'exit'), { force: true });
  await writeFile(join(dir, 'messages'), '', { mode: 0o600 });
  for (const name of ['stdout', 'stderr', ...(stdin === 'stream' ? ['stdin.data'] : [])]) {
    await writeFile(join(dir, name), '', { flag: 'a', mode: 0o600 });
  }
  if (stdin === 'stream') await makeFifo(join(dir, 'stdin'));
}

/** A signal that came before the command is there would end in the recording sh, which forgets it. */
async function commandRuns(job: JobProcess, folder: JobFolder): Promise<void> {
  for (;;) {
    const [, ...pids] = await treeOf(job);
    const argvs = await Promise.all(pids.map((pid) => argvOf(pid)));
    if (argvs.some(isCommand)) return;
    if ((await readExit(folder)) !== null || !(await isAlive(job))) return;
    await delay(lookMs);
  }
}

/** Until it has become another program, a child of the sh looks like the sh. */
function isCommand(argv: readonly string[]): boolean {
  return argv.length > 0 && !argv.includes(recorderScript) && !isHelperArgv(argv);
}
