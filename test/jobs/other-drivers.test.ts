import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { JobSpec, RelocationSpec } from '../../src/core/job-spec.js';
import { appDriver, exitMeansCheckpoint } from '../../src/jobs/app-driver.js';
import { probeDrivers } from '../../src/jobs/choose-driver.js';
import type { DriverJob, JobProcess } from '../../src/jobs/driver.js';
import { isAlive, killTree, stopTree } from '../../src/jobs/process-tree.js';
import { restartDriver } from '../../src/jobs/restart-driver.js';
import { pollUntil } from '../poll-until.js';
import { exitOfJob, outputOf, start, type TestJob } from './job-fixture.js';

const program = (name: string): string =>
  new URL(`../../fixtures/programs/${name}`, import.meta.url).pathname;
const env = [`PATH=${process.env['PATH'] ?? ''}`];
const later: JobProcess[] = [];
afterEach(async () => {
  for (const one of later.splice(0)) await killTree(one);
});

const none: RelocationSpec = {
  driver: 'auto',
  ckptSignal: null,
  ckptExit: null,
  restart: null,
  restartable: false,
};
const saves: RelocationSpec = { ...none, ckptSignal: 'SIGUSR1', ckptExit: 85 };

function specOf(argv: readonly string[], relocation: RelocationSpec): JobSpec {
  return {
    argv,
    env,
    umask: 0o022,
    folder: { cwd: '/', carryIn: null, carryOut: null, carryLimitBytes: 0 },
    where: { kind: 'best' },
    lock: false,
    hint: 'none',
    decay: 'none',
    relocation,
    deputy: null,
    stdin: 'none',
  };
}

async function begin(
  argv: readonly string[],
  relocation: RelocationSpec,
): Promise<{ job: DriverJob; test: TestJob }> {
  const test = await start(argv, { env });
  const { folder, process } = test;
  return {
    test,
    job: { spec: specOf(argv, relocation), folder, process, env, imageDir: `${folder.dir}.image-1` },
  };
}

const isSaving = (job: DriverJob): Promise<unknown> => pollUntil(async () => (await appDriver.probe(job)).ok);

describe('a program that saves itself', () => {
  it.each([
    ['node', program('self-checkpoint.mjs'), ['60', '10']],
    ['sh', program('self-checkpoint.sh'), ['60', '0.02']],
  ])('goes on from where it was, with the output of one run: %s', async (shell, path, args) => {
    const argv = [shell, path, ...args];
    const still = await start(argv, { env });
    const { job, test } = await begin(argv, saves);
    await isSaving(job);
    await pollUntil(() => outputOf(test).includes('round 10'));
    expect(await appDriver.freeze(job, null)).toEqual({ kind: 'frozen', bytes: 0 });
    expect(await isAlive(job.process)).toBe(false);
    await appDriver.discard(job);
    const process = await appDriver.continue(job, await appDriver.restoreStopped(job));
    later.push(process);
    expect(await exitOfJob(test)).toEqual({ kind: 'code', code: 0 });
    await exitOfJob(still);
    expect(outputOf(test)).toBe(outputOf(still));
  });

  it('runs its restart command where it is after a move that was given up', async () => {
    const { job, test } = await begin(['sh', program('self-checkpoint.sh'), '1000'], {
      ...saves,
      restart: 'echo "again in $(pwd)"; cat state.sh',
    });
    await isSaving(job);
    await appDriver.freeze(job, null);
    later.push(await appDriver.thaw(job));
    expect(await exitOfJob(test)).toEqual({ kind: 'code', code: 0 });
    expect(outputOf(test)).toContain(`again in ${test.folder.cwd}\nround=`);
  });

  it('saves itself also when the user has stopped it', async () => {
    const { job, test } = await begin(['node', program('self-checkpoint.mjs'), '1000'], saves);
    // not isSaving: Node.js itself handles SIGUSR1 (its debugger) until the program does
    await pollUntil(() => outputOf(test).includes('round'));
    await stopTree(job.process);
    expect(await appDriver.freeze(job, null)).toEqual({ kind: 'frozen', bytes: 0 });
  });

  it('that ends in another way has ended, and is not started again', async () => {
    const { job } = await begin(['sh', '-c', 'trap "exit 3" USR1; while :; do sleep 0.02; done'], saves);
    await isSaving(job);
    expect(await appDriver.freeze(job, null)).toEqual({ kind: 'ended', exit: { kind: 'code', code: 3 } });
    expect(await appDriver.thaw(job)).toEqual(job.process);
    expect(await isAlive(job.process)).toBe(false);
  });

  it('does not get a signal that would end it', async () => {
    const { job } = await begin(['sleep', '60'], saves);
    expect(await appDriver.probe(job)).toEqual({
      ok: false,
      reasons: ['the program does not handle SIGUSR1 (yet)'],
    });
    await expect(appDriver.freeze(job, null)).rejects.toThrow('does not handle SIGUSR1');
    expect(await isAlive(job.process)).toBe(true);
  });

  it('is told by its exit code', () => {
    const spec = specOf(['x'], saves);
    expect(exitMeansCheckpoint(spec, { kind: 'code', code: 85 })).toBe(true);
    expect(exitMeansCheckpoint(spec, { kind: 'code', code: 0 })).toBe(false);
    expect(exitMeansCheckpoint(specOf(['x'], none), { kind: 'code', code: 85 })).toBe(false);
  });
});

describe('a job that may be started again', () => {
  const argv = ['sh', '-c', 'echo started; echo trouble >&2; [ -e go ] || exec sleep 60; echo done'];

  it('begins from the beginning, with empty output', async () => {
    const { job, test } = await begin(argv, { ...none, restartable: true });
    await pollUntil(() => outputOf(test, 'stderr').includes('trouble'));
    expect(await restartDriver.freeze(job, null)).toEqual({ kind: 'frozen', bytes: 0 });
    await restartDriver.discard(job);
    const process = await restartDriver.continue(job, await restartDriver.restoreStopped(job));
    later.push(process);
    await pollUntil(() => outputOf(test, 'stderr').includes('trouble'));
    expect([outputOf(test), outputOf(test, 'stderr')]).toEqual(['started\n', 'trouble\n']);
    expect(readFileSync(join(test.folder.dir, 'messages'), 'utf8')).toBe('');
  });

  it('goes on when the move is given up', async () => {
    const { job, test } = await begin(['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.1; done'], {
      ...none,
      restartable: true,
    });
    await pollUntil(() => outputOf(test).includes('1'));
    await restartDriver.freeze(job, null);
    expect(await restartDriver.thaw(job)).toEqual(job.process);
    expect(await exitOfJob(test)).toEqual({ kind: 'code', code: 0 });
    expect(outputOf(test)).toBe('1\n2\n3\n');
  });

  it('that has ended is not restarted', async () => {
    const { job, test } = await begin(['sh', '-c', 'exit 4'], { ...none, restartable: true });
    await exitOfJob(test);
    expect(await restartDriver.freeze(job, null)).toEqual({ kind: 'ended', exit: { kind: 'code', code: 4 } });
  });
});

describe('the choice of a driver', () => {
  it('asks those that the job allows, in their order, each with its reasons', async () => {
    const { job } = await begin(['sleep', '60'], { ...none, restartable: true });
    const probed = await probeDrivers(job.spec, job.folder, job.process);
    expect(probed.map(({ driver }) => driver)).toEqual(['criu', 'app', 'restart']);
    expect(probed[1]!.reasons).toEqual(['the job gave no --ckpt-signal, --ckpt-exit or --restart']);
    expect(probed[2]).toMatchObject({ reasons: [], requirements: { driver: 'restart' } });
    expect(probed[2]!.rssKib).toBeGreaterThan(0);
    const only = await probeDrivers(specOf(['x'], { ...none, driver: 'restart' }), job.folder, job.process);
    expect(only).toEqual([
      expect.objectContaining({
        driver: 'restart',
        reasons: ['the job did not say that it may be started again (--restartable)'],
      }),
    ]);
    rmSync(job.imageDir, { recursive: true, force: true });
  });
});
