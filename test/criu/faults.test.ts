import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayUseLab } from '../../fixtures/lab/lab.js';
import { pollUntil } from '../poll-until.js';
import { LabJobs, type LabJob } from './lab-jobs.js';

const here = await mayUseLab();
const memory = ['$P/memory', '200', '60', '20'] as const;

describe.skipIf(!here)('a move that fails', () => {
  let jobs: LabJobs;
  let expected: string;
  beforeAll(async () => {
    jobs = await LabJobs.start('test-criu-faults');
    const still = await jobs.run(1, memory);
    expect(await still.exit()).toEqual({ kind: 'code', code: 0 });
    expected = await still.read('stdout');
  });
  afterAll(async () => {
    await jobs.down();
  });

  const start = async (): Promise<LabJob> => {
    const job = await jobs.run(1, memory);
    await pollUntil(async () => (await job.read('stdout')).includes('filled'));
    return job;
  };
  const statesOf = async (job: LabJob): Promise<readonly string[]> => {
    const pids = await job.ask<readonly number[]>('tree');
    const { stdout } = await jobs.lab.exec(job.node, ['ps', '-o', 'stat=', '-p', pids.join(',')]);
    return stdout.trim().split('\n');
  };
  const endsRight = async (job: LabJob): Promise<void> => {
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
    expect(await job.read('stdout')).toBe(expected);
    expect(await job.read('messages')).toBe('');
  };
  const restoredOn = async (n: number, job: LabJob): Promise<string> =>
    (await jobs.lab.exec(n, `pgrep -f '[m]oskit-job.*${job.harness.folder.dir}'`)).stdout;

  it('at the restore leaves nothing on the target, and the source goes on from where it stood', async () => {
    const job = await start();
    await job.freezeTowards(2);
    expect(new Set(await statesOf(job))).toEqual(new Set(['Ts', 'T']));
    await jobs.lab.exec(2, `rm ${job.harness.folder.dir}/stdout`);
    await expect(jobs.ask(2, 'restore', job)).rejects.toThrow(
      /^criu restore failed: a file that it has open is missing \(.*stdout.*No such file/,
    );
    expect(await restoredOn(2, job)).toBe('');
    await job.ask('thaw');
    await endsRight(job);
  });

  it('because the connection broke in the middle of the memory lets the job run on', async () => {
    const job = await start();
    await expect(job.freezeTowards(2, 'cut the pages')).rejects.toThrow(/^criu dump failed: /);
    expect((await statesOf(job)).filter((state) => state.startsWith('T'))).toEqual([]);
    await job.ask('thaw');
    await endsRight(job);
  });

  it('after the restore leaves nothing behind when the copy is discarded', async () => {
    const job = await start();
    await job.freezeTowards(2);
    await jobs.ask(2, 'restore', job);
    expect(await restoredOn(2, job)).not.toBe('');
    // as a mosd that was killed right after the restore, and has not written down the process
    const forgotten = Object.assign(Object.create(job) as LabJob, {
      harness: { ...job.harness, process: null },
    });
    await jobs.ask(2, 'discardRestored', forgotten);
    expect(await restoredOn(2, job)).toBe('');
    await job.ask('thaw');
    await endsRight(job);
  });

  it('for lack of a file on the target is refused beforehand, by name', async () => {
    const job = await jobs.run(
      1,
      ['python3', '-c', "f = open('/opt/only here'); print('ready', flush=True); input()"],
      {
        stdin: 'stream',
      },
    );
    await jobs.lab.exec(1, `echo data >'/opt/only here'`);
    await job.exit();
    const again = await jobs.run(
      1,
      ['python3', '-c', "f = open('/opt/only here'); print('ready', flush=True); input()"],
      {
        stdin: 'stream',
      },
    );
    await pollUntil(async () => (await again.read('stdout')).includes('ready'));
    await expect(again.move(2)).rejects.toThrow('refused: there is no /opt/only here here');
    await jobs.lab.exec(2, `echo beta >'/opt/only here'`);
    await expect(again.move(2)).rejects.toThrow('refused: /opt/only here is not the same file here');
    await jobs.lab.exec(2, `echo data >'/opt/only here'`);
    await again.move(2);
    await again.end();
  });
});
