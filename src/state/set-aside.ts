import { link, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeError } from '../disk-error.js';
import { errnoOf } from '../errors.js';
import { syncFolder } from './atomic-file.js';

/** Renames a damaged file to `PATH.damaged-TIME`, never over another file, so that nothing a person may need is lost. */
export async function setAside(path: string, nowMs: number): Promise<string> {
  try {
    const kept = await freeName(path, nowMs);
    await rename(path, kept);
    await syncFolder(dirname(path));
    return kept;
  } catch (error) {
    throw writeError(`${path} is damaged and cannot be renamed`, path, error);
  }
}

/**
 * Gives a damaged file the name `PATH.damaged-TIME` too, for a caller that puts another in its place: there is no moment
 * at which it would be missing, which has another meaning. Where a file can't have two names it is renamed.
 */
export async function setAsideAndLeave(path: string, nowMs: number): Promise<string> {
  for (let n = 1; ; n++) {
    const kept = nameAside(path, nowMs, n);
    try {
      await link(path, kept);
      await syncFolder(dirname(path));
      return kept;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') return setAside(path, nowMs);
    }
  }
}

/** Puts the bytes of a damaged part into `PATH.damaged-TIME`, on the disk. */
export async function keepAside(path: string, bytes: Uint8Array, nowMs: number): Promise<string> {
  try {
    const kept = await freeName(path, nowMs);
    const file = await open(kept, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
    return kept;
  } catch (error) {
    throw writeError(`${path} is damaged and its end cannot be kept`, path, error);
  }
}

/** Creates the name, empty, so that nobody else gets it. */
async function freeName(path: string, nowMs: number): Promise<string> {
  for (let n = 1; ; n++) {
    const name = nameAside(path, nowMs, n);
    try {
      await (await open(name, 'wx', 0o600)).close();
      return name;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}

function nameAside(path: string, nowMs: number, n: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${path}.damaged-${time}${n === 1 ? '' : `-${n}`}`;
}
