import { spawn } from 'node:child_process';
import { errnoOf, messageOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { JobExit } from '../../core/cluster-map.js';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

export type LocalEnd =
  | { readonly kind: 'ended'; readonly exit: JobExit }
  | { readonly kind: 'not started'; readonly code: number; readonly message: string };

/** Without a cluster the command runs here, as openMosix's mosrun did on an ordinary kernel. */
export function runLocally(argv: readonly string[]): Promise<LocalEnd> {
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { stdio: 'inherit' });
  for (const signal of forwarded) {
    // A terminal's signals reach the child by themselves; a plain kill(2) of us does not.
    process.on(signal, () => child.kill(signal));
  }
  return new Promise((resolve) => {
    child.on('error', (error) => {
      const code = errnoOf(error) === 'ENOENT' ? exitCodes.notFound : exitCodes.notExecutable;
      const message =
        code === exitCodes.notFound ? `${program}: not found` : `${program}: ${messageOf(error)}`;
      resolve({ kind: 'not started', code, message });
    });
    child.on('exit', (code, signal) => {
      resolve({
        kind: 'ended',
        exit: signal ? { kind: 'signal', signal } : { kind: 'code', code: code ?? 1 },
      });
    });
  });
}
