import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseProcessStatus, statusNamespacePids } from '../core/proc/process-status.js';
import type { JobProcess } from './driver.js';
import { stoppedOf } from './process-tree.js';
import { treeOf } from './tree-members.js';

const fileName = 'stopped-before.json';

/**
 * A freeze stops everything; whoever continues the job must know which processes stood still before, because the user
 * or the job itself had stopped them. Kept in the image under the PIDs of the job's own namespace: these do not change.
 */
export async function noteStopped(job: JobProcess, imageDir: string): Promise<void> {
  const pids = await Promise.all((await stoppedOf(job)).map(innerPid));
  await writeFile(join(imageDir, fileName), JSON.stringify(pids), { mode: 0o600 });
}

/** Those processes as this machine numbers them; none when nothing was noted. */
export async function stoppedBefore(job: JobProcess, imageDir: string): Promise<readonly number[]> {
  const noted = await readFile(join(imageDir, fileName), 'utf8').then(parsePids, (): readonly number[] => []);
  if (noted.length === 0) return [];
  const tree = await treeOf(job);
  const inner = await Promise.all(tree.map(innerPid));
  return tree.filter((_, index) => noted.includes(inner[index] ?? 0));
}

function parsePids(text: string): readonly number[] {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? value.filter((pid) => typeof pid === 'number') : [];
}

async function innerPid(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return statusNamespacePids(parseProcessStatus(text)).at(-1) ?? pid;
}
