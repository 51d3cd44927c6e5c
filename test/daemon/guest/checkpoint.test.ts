import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unprotected } from '../../../src/core/protection.js';
import type { DriverName } from '../../../src/core/job-spec.js';
import { checkpoint, continueImaged, dropCheckpoint } from '../../../src/daemon/guest/checkpoint.js';
import { checkpointDirOf, snapshotDirOf, type GuestRecord } from '../../../src/daemon/guest/record.js';
import type { GuestContext } from '../../../src/daemon/guest/service.js';
import { criuProblem } from '../../../src/jobs/criu-driver.js';
import { isAlive, killTree, stopTree, treeOf } from '../../../src/jobs/process-tree.js';
import { aSpec } from '../../job-spec-fixture.js';
import { outputOf, start, type TestJob } from '../../jobs/job-fixture.js';
import { pollUntil } from '../../poll-until.js';
import { aNode, home, recordOf, type TestNode } from './guest-fixture.js';

const counting = `n=$(cat saved 2>/dev/null || echo 0); stop=; trap 'stop=yes' USR1
while :; do n=$((n+1)); echo $n; sleep 0.02; [ -z "$stop" ] || { echo $n >saved; exit 85; }; done`;
const argv = ['bash', '-c', counting];
const relocation = {
  driver: 'auto',
  ckptSignal: 'SIGUSR1',
  ckptExit: 85,
  restart: null,
  restartable: false,
} as const;

interface Guest {
  readonly node: TestNode;
  readonly context: GuestContext;
  readonly record: GuestRecord;
  readonly job: TestJob;
}

async function aGuest(change: Partial<GuestRecord> = {}): Promise<Guest> {
  const node = aNode();
  const context = await node.context();
  const job = await start(argv);
  const record = await context.guests.save(
    recordOf(job, {
      spec: aSpec({ argv, relocation, env: [`PATH=${process.env['PATH'] ?? ''}`] }),
      ...change,
    }),
  );
  onTestFinished(async () => {
    context.guests.close();
    const now = context.guests.find(record.job, record.cluster);
    if (now?.process) await killTree(now.process);
    for (const name of besides(record)) rmSync(join(record.jobsRoot, name), { recursive: true, force: true });
  });
  await grown({ node, context, record, job });
  return { node, context, record, job };
}

/** What lies beside the job's folder. */
function besides({ jobsRoot, folder }: GuestRecord): readonly string[] {
  return readdirSync(jobsRoot).filter((name) => name.startsWith(`${basename(folder.dir)}.`));
}

/** It prints more than it has printed. */
async function grown({ job }: Guest): Promise<void> {
  const { length } = outputOf(job);
  await pollUntil(() => outputOf(job).length > length + 20);
}

const image = ({ context, record }: Guest, driver: DriverName, sequence = 1, skipBefore = {}) =>
  checkpoint(context, home, { job: record.job, generation: record.generation, sequence, driver, skipBefore });

const now = ({ context, record }: Guest): GuestRecord => context.guests.get(record.job, record.cluster);

describe.each([['app'], ...((await criuProblem()) === null ? [['criu']] : [])] as [DriverName][])(
  'an image by %s',
  (driver) => {
    it('shows the job as it was, which goes on; a second one too', async () => {
      const guest = await aGuest();
      for (const sequence of [1, 2]) {
        const answer = await image(guest, driver, sequence);
        if (answer.kind !== 'imaged') throw new Error('it has ended');
        const copied = readFileSync(join(snapshotDirOf(guest.record), 'stdout'), 'utf8');
        expect(copied.length).toBe(answer.output.stdout);
        await grown(guest);
        expect(outputOf(guest.job).startsWith(copied)).toBe(true);
        expect([now(guest).phase, now(guest).imaging]).toEqual(['running', null]);
        if (driver === 'app')
          expect(readFileSync(join(snapshotDirOf(guest.record), 'cwd/saved'), 'utf8')).toBe(
            copied.trim().split('\n').at(-1)! + '\n',
          );
        // The one before is not kept for ever because home has forgotten it.
        expect(besides(guest.record).filter((name) => name.includes('.checkpoint-')).length).toBe(1);
      }
      const { context, record } = guest;
      await dropCheckpoint(context, home, { job: record.job, sequence: 2 });
      expect(existsSync(checkpointDirOf(record, 2))).toBe(false);
      await killTree(now(guest).process!);
      await context.guests.remove(now(guest), false);
      expect(besides(record)).toEqual([]);
    });

    it('two that are asked for at once are made one after the other', async () => {
      const guest = await aGuest();
      // A program that was started again a moment ago may not be able to save itself yet: then once more.
      let sequence = 0;
      const last = await pollUntil(async () => {
        const both = [image(guest, driver, ++sequence), image(guest, driver, ++sequence)];
        const [first, second] = await Promise.allSettled(both);
        const isDone = first?.status === 'fulfilled' && second?.status === 'fulfilled';
        return isDone && second.value.kind === 'imaged' ? second.value : undefined;
      });
      const copied = readFileSync(join(snapshotDirOf(guest.record), 'stdout'), 'utf8');
      expect(copied.length).toBe(last.output.stdout);
    });

    it('that is not finished because mosd was killed: the next mosd lets the job go on', async () => {
      const guest = await aGuest();
      const { context, record, job } = guest;
      await context.guests.save({ ...record, phase: 'freezing', imaging: { sequence: 5, driver } });
      context.guests.close();
      if (driver === 'criu') await stopTree(job.process);
      else {
        for (const pid of (await treeOf(job.process)).slice(1)) process.kill(pid, 'SIGUSR1');
        await pollUntil(() => existsSync(join(job.folder.dir, 'exit')));
      }
      const next = await guest.node.context();
      onTestFinished(() => killTree(next.guests.get(record.job, record.cluster).process!));
      await continueImaged(next);
      await grown(guest);
      const after = next.guests.get(record.job, record.cluster);
      expect([after.phase, after.imaging]).toEqual(['running', null]);
      expect(guest.node.events.map(({ event }) => event)).toContain('continued');
    });
  },
);

describe('an image', () => {
  it('of another generation is refused, and leaves nothing', async () => {
    const guest = await aGuest();
    const { context, record } = guest;
    const asked = checkpoint(context, home, {
      ...{ job: record.job, generation: 2, sequence: 1 },
      ...{ driver: 'app' as const, skipBefore: {} },
    });
    await expect(asked).rejects.toMatchObject({ code: 'refused' });
    expect(besides(record)).toEqual([]);
  });

  it('of a job that leaves while its folder is copied leaves no copy', async () => {
    const guest = await aGuest();
    const { context, record } = guest;
    appendFileSync(join(record.folder.dir, 'cwd', 'large'), Buffer.alloc(64 * 1024 * 1024, 'x'));
    const made = image(guest, 'app');
    await pollUntil(() => existsSync(snapshotDirOf(record)));
    await killTree(record.process!);
    await context.guests.remove(record, false);
    await expect(made).rejects.toThrow();
    expect(besides(record)).toEqual([]);
  });

  it('of a guest whose lease is over is refused: in its image it would stand still for ever', async () => {
    const protection = { ...unprotected, onNodeLoss: 'recover' as const };
    const guest = await aGuest({ spec: aSpec({ argv, relocation, protection }) });
    await expect(image(guest, 'app')).rejects.toThrow('lease');
    await grown(guest);
  });

  it('that fails lets the job go on where it was', async () => {
    const guest = await aGuest({
      spec: aSpec({ argv, relocation: { ...relocation, ckptSignal: 'SIGUSR2' } }),
    });
    await expect(image(guest, 'app')).rejects.toThrow('does not handle SIGUSR2');
    await grown(guest);
    expect(now(guest).phase).toBe('running');
    expect(besides(guest.record)).toEqual([basename(snapshotDirOf(guest.record))]);
  });

  it('whose job can not go on yet is not given up: it goes on as soon as that works', async () => {
    const guest = await aGuest();
    const { dir } = guest.record.folder;
    // Its output can not be opened: neither copied, nor started again.
    const spoiled = (async () => {
      await pollUntil(() => existsSync(join(dir, 'exit')));
      rmSync(join(dir, 'tmp'), { recursive: true });
      writeFileSync(join(dir, 'tmp'), 'in the way');
    })();
    await Promise.all([image(guest, 'app').catch(() => undefined), spoiled]);
    rmSync(join(dir, 'tmp'), { force: true });
    await pollUntil(() => now(guest).phase === 'running');
    await grown(guest);
  });

  it('of a job that has ended meanwhile says so', async () => {
    const guest = await aGuest();
    await killTree(guest.record.process!);
    await guest.context.guests.ended(guest.record, { kind: 'code', code: 0 });
    expect(await image(guest, 'app')).toEqual({ kind: 'ended' });
  });

  it('of an earlier start of the machine wakes nothing', async () => {
    const guest = await aGuest({ boot: 'an earlier start' });
    const { context, record, job } = guest;
    await killTree(job.process);
    await context.guests.save({ ...record, phase: 'freezing', imaging: { sequence: 5, driver: 'app' } });
    context.guests.close();
    const next = await guest.node.context();
    await continueImaged(next);
    expect(await isAlive(next.guests.get(record.job, record.cluster).process ?? job.process)).toBe(false);
    await pollUntil(() => next.guests.get(record.job, record.cluster).phase === 'ended');
    expect(next.guests.get(record.job, record.cluster).exit).toMatchObject({ rebooted: true });
  });
});
