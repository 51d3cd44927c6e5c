import { errnoOf, messageOf, MoskitError } from '../../errors.js';

/**
 * Why a system call failed, without its name and the path: paths go through /proc/self/fd here, which tells nobody
 * anything. `ENOTEMPTY: directory not empty, rmdir '…'` becomes `directory not empty`.
 */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (error instanceof MoskitError || errnoOf(error) === undefined) return message;
  return /^E[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message;
}

/** True for a failed system call, as opposed to an answer of ours. */
export function isSystemError(error: unknown): boolean {
  return !(error instanceof MoskitError) && errnoOf(error) !== undefined;
}
