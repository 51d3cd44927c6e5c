import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobFolder, JobProcess } from './driver.js';
import { send } from './send-signal.js';
import { argvOf, isFeeder, isKeeper } from './stdin-words.js';
import { treeOf } from './tree-members.js';

/**
 * Standard input comes from the spool `stdin.data` through tail(1) and a fifo, all of it in the job's tree: nobody
 * outside holds an end, so it moves with the job and survives mosd.
 */

/** The job reads the end of its input after all that the spool holds now. Harmless when repeated. */
export async function endStdin(job: JobProcess): Promise<void> {
  for (const pid of await treeOf(job)) {
    if (isKeeper(await argvOf(pid))) {
      send(pid, 'SIGKILL');
      return;
    }
  }
}

/** How far the feeder has read the spool, bytes; null when there is none (any more). */
export async function stdinPosition(job: JobProcess, folder: JobFolder): Promise<number | null> {
  const spool = join(folder.dir, 'stdin.data');
  for (const pid of await treeOf(job)) {
    if (!isFeeder(await argvOf(pid))) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) !== spool) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '');
      return Number(/^pos:\s*(\d+)/m.exec(info)?.[1] ?? 0);
    }
  }
  return null;
}
