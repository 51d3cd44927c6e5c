import { readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JobProcess } from './driver.js';
import { readTask } from './probe/task.js';
import { treeOf } from './tree-members.js';

/**
 * A file that lost the name by which it was opened, but has another, gets a helping name from CRIU for the time of the
 * move: `link_remap.N`. After a move that is not made it would stay. Told by being the same file as the open one.
 */
export async function removeLinkRemaps(job: JobProcess): Promise<void> {
  for (const pid of await treeOf(job)) {
    const task = await readTask(pid);
    const renamed = task?.descriptors.filter(({ deleted, links }) => deleted && links > 0) ?? [];
    for (const { fd, target } of renamed) await removeNamesOf(`/proc/${pid}/fd/${fd}`, dirname(target));
  }
}

async function removeNamesOf(open: string, folder: string): Promise<void> {
  const file = await stat(open).catch(() => null);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!/^link_remap\.\d+$/.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (file && found?.ino === file.ino && found.dev === file.dev) await unlink(path).catch(() => undefined);
  }
}
