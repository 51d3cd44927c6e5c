import { join } from 'node:path';
import type { DriverJob, JobProcess } from './driver.js';
import { startJob } from './sandbox.js';

/** Starts a command of a job in its folder: the job's own, or the one that goes on from a saved state. */
export function startAgain(
  job: Pick<DriverJob, 'spec' | 'folder' | 'env' | 'onIdentified'>,
  argv: readonly string[],
): Promise<JobProcess> {
  return startJob({
    folder: job.folder,
    argv,
    env: job.env,
    umask: job.spec.umask,
    stdin: job.spec.stdin,
    ...(job.onIdentified ? { onIdentified: job.onIdentified } : {}),
  });
}

export function spoolsOf(dir: string): readonly string[] {
  return ['stdout', 'stderr', 'messages'].map((name) => join(dir, name));
}
