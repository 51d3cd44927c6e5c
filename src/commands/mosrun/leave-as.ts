import { constants } from 'node:os';
import type { JobExit } from '../../core/cluster-map.js';
import { exitCodes } from '../../exit-codes.js';

/** These would leave a core dump of the deputy, not of the job. */
const dumping: ReadonlySet<string> = new Set([
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
]);

/** Exit code for a job's end; a job that died of a signal takes its deputy with it, so that the shell sees the same. */
export function leaveAs(exit: JobExit): number {
  if (exit.kind === 'code') return exit.code;
  if (exit.kind === 'unknown') return exitCodes.mosrunFailed;
  const number = (constants.signals as Record<string, number | undefined>)[exit.signal];
  if (number === undefined) return exitCodes.mosrunFailed;
  if (!dumping.has(exit.signal) && exit.signal !== 'SIGPIPE') {
    process.removeAllListeners(exit.signal);
    process.kill(process.pid, exit.signal);
  }
  return 128 + number;
}
