import { arch } from 'node:os';
import { findCriu } from './criu-tools.js';
import type { DriverJob, ProbeResult } from './driver.js';
import { rssKibOf } from './requirements.js';

/** Can CRIU take this job from here? First form: only whether CRIU works; the look into the tree follows. */
export async function probeCriu(job: Pick<DriverJob, 'spec' | 'folder' | 'process'>): Promise<ProbeResult> {
  const found = await findCriu();
  if (!found.ok) return { ok: false, reasons: [found.reason] };
  return {
    ok: true,
    requirements: {
      driver: 'criu',
      cpuFlags: [],
      arch: arch(),
      files: [],
      rssKib: await rssKibOf(job.process),
      pids: [],
      criuVersion: found.criu.version,
    },
    notes: [],
  };
}
