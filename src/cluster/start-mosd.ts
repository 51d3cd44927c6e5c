import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { diskTrouble, writeError } from '../disk-error.js';
import { MoskitError, messageOf } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import type { Paths } from '../paths.js';
import { ensurePrivateDir } from '../state/secure-dir.js';

/** A mosd that was just started and may not listen yet. */
export interface StartingMosd {
  readonly pid: number | undefined;
  /** How it ended before anybody could reach it; null while it runs. */
  failure(): string | null;
  /** What it has written to its log so far: the last lines. */
  lastWords(): string;
}

const lastWordsBytes = 4096;
const othersSocketMs = 3000;
/**
 * mosd sits on every machine all day: one malloc arena for all threads instead of one for each saves 5 MB, a young
 * generation of 1 MB and V8's thrift with its heap some more. No job sees any of it: jobs have the environment of
 * their mosrun.
 */
const frugal = {
  flags: ['--max-semi-space-size=1', '--optimize-for-size'],
  env: { MALLOC_ARENA_MAX: '1' },
} as const;

/** Starts `program mosd` in a session of its own, so that no terminal or signal of ours reaches it. */
export async function startMosd(options: {
  readonly program: string;
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
}): Promise<StartingMosd> {
  const { paths, env } = options;
  if (!existsSync(options.program)) {
    throw new MoskitError(`mosd can't be started: ${options.program} is missing`, {
      hint: 'npm run build makes it',
    });
  }
  // Rarely needed, and slow to load for the many times that mosd runs already.
  const { spawn } = await import('node:child_process');
  const log = await openLog(paths);
  const { size } = fstatSync(log);
  const folder = env['MOSKIT_DIR'];
  const child = spawn(process.execPath, [...frugal.flags, options.program, 'mosd'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...frugal.env, ...env, ...(folder === undefined ? {} : { MOSKIT_DIR: resolve(folder) }) },
  });
  closeSync(log);
  child.unref();
  let failure: string | null = null;
  child.once('error', (error) => (failure = messageOf(error)));
  child.once('exit', (code, signal) => {
    const fail = (): string =>
      (failure = signal ? `ended by ${signal}` : `ended with exit code ${code ?? '?'}`);
    // It may have found that another was quicker, whose socket then appears.
    if (code === exitCodes.refused) setTimeout(fail, othersSocketMs).unref();
    else fail();
  });
  return { pid: child.pid, failure: () => failure, lastWords: () => tailOf(paths.log, size) };
}

const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;

async function openLog(paths: Paths): Promise<number> {
  // Before the first byte is written there: the folder may be somebody else's, and the log a link to a file of ours.
  await ensurePrivateDir(paths.stateDir);
  try {
    return openSync(paths.log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  } catch (error) {
    const what = `cannot write mosd's log ${paths.log}`;
    if (diskTrouble(error) !== null) throw writeError(what, paths.log, error);
    throw new MoskitError(`${what}: ${messageOf(error)}`, {
      cause: error,
      hint: 'set MOSKIT_DIR to a folder that you may write to',
    });
  }
}

function tailOf(path: string, from: number): string {
  try {
    const file = openSync(path, 'r');
    try {
      const start = Math.max(from, fstatSync(file).size - lastWordsBytes);
      const bytes = Buffer.alloc(lastWordsBytes);
      const length = readSync(file, bytes, 0, lastWordsBytes, start);
      const lines = bytes.toString('utf8', 0, length).trimEnd().split('\n');
      return lines
        .filter((line) => !/^\s+at /.test(line))
        .slice(-8)
        .join('\n');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
