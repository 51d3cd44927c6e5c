import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayUseLab } from '../../fixtures/lab/lab.js';
import { pollUntil } from '../poll-until.js';
import { LabJobs } from './lab-jobs.js';

const here = await mayUseLab();
const giveCapabilities = `
install -m 750 -o root -g student /usr/sbin/criu /usr/local/bin/criu &&
setcap cap_checkpoint_restore,cap_sys_ptrace,cap_setpcap=eip /usr/local/bin/criu`;

describe.skipIf(!here)('for an ordinary user whose criu has file capabilities', () => {
  let jobs: LabJobs;
  beforeAll(async () => {
    jobs = await LabJobs.start('test-criu-user', 2, 'student');
    for (const { n } of jobs.lab.nodes) {
      const { code, stderr } = await jobs.lab.exec(n, giveCapabilities);
      if (code !== 0) throw new Error(stderr);
    }
    // a job without a PID namespace of its own: its numbers must be free on the other node
    await jobs.lab.exec(1, 'echo 20000 >/proc/sys/kernel/ns_last_pid');
  });
  afterAll(async () => {
    await jobs.down();
  });

  it('a job moves, and ends with the right output and status', async () => {
    const argv = ['$P/threads', '3', '1500'];
    const still = await jobs.run(1, argv);
    await still.exit();
    const job = await jobs.run(1, argv, { stdin: 'stream' });
    expect(job.process.mode).toBe('plain');
    await job.move(2);
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
    expect(await job.read('stdout')).toBe(await still.read('stdout'));
  });

  it('a process number that is taken on the target is a refusal', async () => {
    await jobs.lab.exec(1, 'echo 30000 >/proc/sys/kernel/ns_last_pid');
    const job = await jobs.run(1, ['sleep', '600']);
    await jobs.lab.exec(
      2,
      `echo ${job.process.pid - 1} >/proc/sys/kernel/ns_last_pid; sleep 600 </dev/null >/dev/null 2>&1 &`,
    );
    await pollUntil(
      async () => (await jobs.lab.exec(2, ['test', '-d', `/proc/${job.process.pid}`])).code === 0,
    );
    await expect(job.move(2)).rejects.toThrow(
      `process number ${job.process.pid}, which the job has, is taken here`,
    );
    await job.end();
  });
});
