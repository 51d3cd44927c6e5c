import { constants } from 'node:fs';
import { copyFile, open, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JobId } from '../core/ids.js';
import { errnoOf, MoskitError } from '../errors.js';
import type { JobProcess } from './driver.js';
import { readTask } from './probe/task.js';
import { treeOf } from './process-tree.js';
import { bytesOfPath, displayPath, pathOfText } from './staging/byte-path.js';
import { besidePath } from './staging/beside-name.js';

/** A file as it was when an image was made. */
export interface FileInPlace {
  readonly path: string;
  readonly size: number;
}

const mostFiles = 1_000;

/**
 * Files below `folder`, which is used in place, that the job has open for writing. No copy of them is in the image, and CRIU
 * restores no file whose size is another than it was. The job must stand still.
 */
export async function writtenInPlace(process: JobProcess, folder: string): Promise<readonly FileInPlace[]> {
  const found = new Map<string, number>();
  for (const pid of await treeOf(process)) {
    const task = await readTask(pid);
    for (const { file, writable, deleted, target, size } of task?.descriptors ?? [])
      if (file === 'regular' && writable && !deleted && target.startsWith(`${folder}/`))
        found.set(target, size);
  }
  if (found.size > mostFiles)
    throw new MoskitError(`it has ${found.size} files open for writing in ${folder}`);
  return [...found].map(([path, size]) => ({ path, size }));
}

/**
 * Cuts files that grew after the image back to what they were, because the job writes the rest again. What is cut off is kept
 * beside. Answers a line for the user for each. A file that is now shorter, or gone, stays as it is: the restore says so.
 */
export async function cutBack(
  files: readonly FileInPlace[],
  folder: string,
  job: JobId,
): Promise<readonly string[]> {
  const said: string[] = [];
  for (const { path, size } of files) {
    if (!path.startsWith(`${folder}/`) || (await realpath(dirname(path))) !== dirname(path))
      throw new MoskitError(`${path} is not in the working folder`);
    const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return null;
        throw error;
      },
    );
    if (!handle) continue;
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size <= size) continue;
      const kept = await keepBeside(path, job);
      await handle.truncate(size);
      await handle.sync();
      said.push(`${path} is ${size} bytes again, as when the image was made; all that it held is ${kept}`);
    } finally {
      await handle.close();
    }
  }
  return said;
}

async function keepBeside(path: string, job: JobId): Promise<string> {
  for (let count = 1; ; count++) {
    const beside = besidePath(pathOfText(path), job, count);
    try {
      await copyFile(path, bytesOfPath(beside), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      return displayPath(beside);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
}
