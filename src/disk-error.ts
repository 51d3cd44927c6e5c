import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf, MoskitError, messageOf } from './errors.js';

/** What is wrong with a file system, as against with a file of it. */
const troubles: Readonly<Record<string, { readonly is: string; readonly todo: (where: string) => string }>> =
  {
    ENOSPC: { is: 'no space is left', todo: (where) => `free space on ${where}` },
    EDQUOT: { is: "the user's quota is used up", todo: (where) => `free space of yours on ${where}` },
    EROFS: { is: 'it is read-only', todo: (where) => `make ${where} writable again (mount -o remount,rw)` },
  };

/**
 * A write to `path` that failed: `cannot write /x/y: no space is left (ENOSPC) on /x`, and what to do about it. `then`:
 * what happens, or is to be done, once that is mended.
 */
export function writeError(
  what: string,
  path: string,
  error: unknown,
  then = 'then do it again; nothing need be restarted',
): MoskitError {
  const code = diskTrouble(error);
  if (code === null) return new MoskitError(`${what}: ${messageOf(error)}`, { cause: error });
  const trouble = troubles[code]!;
  const where = fileSystemOf(path);
  return new MoskitError(`${what}: ${trouble.is} (${code}) on ${where}`, {
    hint: `${trouble.todo(where)}, ${then}`,
    cause: error,
  });
}

/** ENOSPC, EDQUOT or EROFS, also where another error is wrapped around it; null for every other failure. */
export function diskTrouble(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = errnoOf(cause);
    if (code !== undefined && Object.hasOwn(troubles, code)) return code;
  }
  return null;
}

/** Throws as a write does that finds no room, while there is some left: for what others must still write there. */
export async function requireRoom(what: string, path: string, bytes: number, then: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize >= bytes) return;
  throw writeError(what, path, Object.assign(new Error('too little room'), { code: 'ENOSPC' }), then);
}

/** Where the file system that holds `path` begins: what `df` names. */
function fileSystemOf(path: string): string {
  let folder = resolve(path);
  let device: number | undefined;
  for (let at = folder; ; at = dirname(at)) {
    const stats = statSync(at, { throwIfNoEntry: false });
    device ??= stats?.dev;
    if (stats && stats.dev !== device) return folder;
    if (stats) folder = at;
    if (at === dirname(at)) return folder;
  }
}
