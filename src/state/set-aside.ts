import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, MoskitError, messageOf } from '../errors.js';
import { syncFolder } from './atomic-file.js';

/** Renames a damaged file to `PATH.damaged-TIME`, never over another file, so that nothing a person may need is lost. */
export async function setAside(path: string, nowMs: number): Promise<string> {
  try {
    const kept = await freeName(path, nowMs);
    await rename(path, kept);
    await syncFolder(dirname(path));
    return kept;
  } catch (error) {
    throw new MoskitError(`${path} is damaged and cannot be renamed: ${messageOf(error)}`, { cause: error });
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
    throw new MoskitError(`${path} is damaged and its end cannot be kept: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Creates the name, empty, so that nobody else gets it. */
async function freeName(path: string, nowMs: number): Promise<string> {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  for (let n = 1; ; n++) {
    const name = `${path}.damaged-${time}${n === 1 ? '' : `-${n}`}`;
    try {
      await (await open(name, 'wx', 0o600)).close();
      return name;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}
