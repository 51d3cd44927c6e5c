import { describe, expect, it } from 'vitest';
import { jobEnvironment } from '../../../src/daemon/guest/environment.js';
import { aSpec } from '../../job-spec-fixture.js';

const folder = { dir: '/jobs/1-17', cwd: '/home/u/work' };
const env = ['PATH=/bin', 'SSH_AUTH_SOCK=/tmp/agent', 'MOSKIT_JOB=1-2', 'MOSKIT_LOCK=1', 'TMPDIR=/tmp'];

describe('the environment of a job', () => {
  it("is the user's, without what misleads elsewhere, with the job's own folders and number", () => {
    const pairs = jobEnvironment({ job: '1-17', folder, spec: aSpec({ env, lock: false }) });
    expect(pairs).toEqual(['PATH=/bin', 'PWD=/home/u/work', 'TMPDIR=/jobs/1-17/tmp', 'MOSKIT_JOB=1-17']);
  });

  it('says that the job is locked, for mosrun -k in it', () => {
    const pairs = jobEnvironment({ job: '1-17', folder, spec: aSpec({ env: [], lock: true }) });
    expect(pairs).toContain('MOSKIT_LOCK=1');
  });
});
