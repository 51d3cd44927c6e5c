import { arch } from 'node:os';
import { readFile } from 'node:fs/promises';
import type { DriverName } from '../core/job-spec.js';
import { parseProcessStat } from '../core/proc/process-stat.js';
import type { JobProcess, ProbeResult } from './driver.js';
import { treeOf } from './process-tree.js';

const pageKib = 4;

/** Memory that the tree occupies, KiB. */
export async function rssKibOf(job: JobProcess): Promise<number> {
  let pages = 0;
  for (const pid of await treeOf(job)) {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    pages += parseProcessStat(text)?.rssPages ?? 0;
  }
  return pages * pageKib;
}

/** What a job that is started anew asks of a target: hardly anything. */
export async function plainRequirements(driver: DriverName, job: JobProcess): Promise<ProbeResult> {
  return {
    ok: true,
    requirements: {
      driver,
      cpuFlags: [],
      arch: arch(),
      files: [],
      rssKib: await rssKibOf(job),
      pids: [],
      criuVersion: null,
    },
    notes: [],
  };
}
