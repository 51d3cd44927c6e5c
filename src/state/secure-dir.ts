import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeError } from '../disk-error.js';
import { RefusedError } from '../errors.js';

const writableByOthers = 0o022;
const writableByAll = 0o002;
const sticky = 0o1000;

/**
 * Makes the folder, 0700, with what is missing above it; or checks the one that is there. Below /tmp and /var/tmp
 * anybody may have made it first: one that is a link, somebody else's, or open to others is refused. So is one that
 * anybody may put another in the place of once we have looked.
 */
export async function ensurePrivateDir(path: string): Promise<void> {
  const folder = resolve(path); // a slash at the end would make lstat follow a link
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!(await lstat(folder).catch(() => null))) {
      throw writeError(`cannot make the folder ${folder}`, folder, error);
    }
  }
  const problem = await whyNotPrivate(folder);
  if (problem === null) return;
  throw new RefusedError(`the folder ${folder} can't be used: ${problem}`, {
    hint: `remove it, or make it a folder of your own that only you may write to (chmod 700)`,
  });
}

async function whyNotPrivate(folder: string): Promise<string | null> {
  const stats = await lstat(folder);
  const uid = process.getuid?.();
  if (stats.isSymbolicLink()) return 'it is a symbolic link';
  if (!stats.isDirectory()) return 'it is no folder';
  if (uid !== undefined && stats.uid !== uid) return `it belongs to user ${stats.uid}, not to ${uid}`;
  if ((stats.mode & writableByOthers) !== 0)
    return `others may write to it (mode ${(stats.mode & 0o7777).toString(8)})`;
  return whyReplaceable(dirname(await realpath(folder)));
}

/** Whoever may write to a folder above may rename what is in it, unless that is sticky as /tmp is. */
async function whyReplaceable(above: string): Promise<string | null> {
  const { mode } = await stat(above);
  if ((mode & writableByAll) !== 0 && (mode & sticky) === 0)
    return `everybody may write to ${above} and so replace it (mode ${(mode & 0o7777).toString(8)})`;
  return above === '/' ? null : whyReplaceable(dirname(above));
}
