import type { JobSpec } from '../src/core/job-spec.js';

/** A job as plain `mosrun sleep 1` submits it. */
export function aSpec(change: Partial<JobSpec> = {}): JobSpec {
  return {
    argv: ['sleep', '1'],
    env: ['PATH=/usr/bin:/bin'],
    umask: 0o022,
    folder: { cwd: '/tmp', carryIn: null, carryOut: null, carryLimitBytes: 64 * 1024 * 1024 },
    where: { kind: 'best' },
    lock: false,
    hint: 'none',
    decay: 'slow',
    relocation: { driver: 'auto', ckptSignal: null, ckptExit: null, restart: null, restartable: false },
    deputy: null,
    stdin: 'none',
    ...change,
  };
}
