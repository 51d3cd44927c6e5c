import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unshareWords } from '../../src/jobs/namespaces.js';
import {
  commandOf,
  continueTree,
  isAlive,
  killTree,
  signalJob,
  stoppedOf,
  stopTree,
  treeOf,
} from '../../src/jobs/process-tree.js';
import { pollUntil } from '../poll-until.js';
import { exitOfJob, outputOf, start } from './job-fixture.js';

const modes = (await unshareWords()) ? [true, false] : [false];
const commOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'gone';
  }
};

describe.each(modes)('the tree of a job (PID namespace: %s)', (pidNamespace) => {
  it('has the recording sh first, and everybody in it, orphans and helpers too', async () => {
    const script = '(sleep 61 & sleep 62 & exit) & sleep 63; :';
    const job = await start(['sh', '-c', script], { pidNamespace, stdin: 'stream' });
    const [recorder, ...others] = await pollUntil(async () => {
      const pids = await treeOf(job.process);
      return pids.slice(1).map(commOf).sort().join(' ') === 'sh sleep sleep sleep sleep tail' ? pids : null;
    });
    expect(recorder).toBe(job.process.pid);
    const helpers = others.filter((pid) =>
      /2147480085|stdin\.data/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')),
    );
    expect(helpers).toHaveLength(2);
    expect(await commandOf(job.process)).toEqual(others.filter((pid) => !helpers.includes(pid)));
  });

  it('stands still as a whole, but for the sh that would write down a death, and goes on', async () => {
    const job = await start(['sh', '-c', 'while :; do echo x; sleep 0.02; done'], { pidNamespace });
    await pollUntil(() => outputOf(job).length > 4);
    await stopTree(job.process);
    const stopped = await stoppedOf(job.process);
    expect(stopped.length).toBe((await treeOf(job.process)).length - 1);
    const size = outputOf(job).length;
    await stopTree(job.process);
    expect(outputOf(job).length).toBe(size);
    await continueTree(job.process);
    await pollUntil(() => outputOf(job).length > size + 4);
  });

  it('stands still also when it starts programs all the time, whose parents wait in the kernel', async () => {
    const job = await start(['sh', '-c', 'while :; do /bin/true; done'], { pidNamespace });
    for (let round = 0; round < 60; round++) {
      await stopTree(job.process);
      await continueTree(job.process);
    }
  });

  it('goes on without those that are to stand still', async () => {
    const job = await start(['sh', '-c', 'sleep 61 & sleep 62 & wait'], { pidNamespace });
    const [first] = await pollUntil(async () => {
      const sleeping = (await treeOf(job.process)).filter((pid) => commOf(pid) === 'sleep');
      return sleeping.length === 2 ? sleeping : null;
    });
    await stopTree(job.process);
    await continueTree(job.process, [first!]);
    await pollUntil(async () => (await stoppedOf(job.process)).length === 1);
    expect(await stoppedOf(job.process)).toEqual([first]);
  });

  it('can be killed while it is stopped, with its status', async () => {
    const job = await start(['sleep', '60'], { pidNamespace });
    await stopTree(job.process);
    await signalJob(job.process, 'SIGKILL');
    expect(await exitOfJob(job)).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  });

  it('leaves no survivors, also when it forks all the time, and writes no status', async () => {
    const job = await start(['sh', '-c', 'while :; do (sleep 50 & sleep 50 &) ; sleep 0.01; done'], {
      pidNamespace,
    });
    await pollUntil(async () => (await treeOf(job.process)).length > 12);
    const pids = await treeOf(job.process);
    await killTree(job.process);
    expect(await treeOf(job.process)).toEqual([]);
    expect(await isAlive(job.process)).toBe(false);
    for (const pid of pids) expect(await isAlive({ ...job.process, pid })).toBe(false);
    await killTree(job.process);
  });

  it('is not taken for another process that has its number', async () => {
    const job = await start(['sleep', '60'], { pidNamespace });
    const other = { ...job.process, startTicks: job.process.startTicks - 1 };
    expect(await isAlive(other)).toBe(false);
    expect(await treeOf(other)).toEqual([]);
    await killTree(other);
    await signalJob(other, 'SIGKILL');
    await signalJob(other, 'SIGTERM');
    expect(await isAlive(job.process)).toBe(true);
    expect((await treeOf(job.process)).length).toBe(2);
  });
});

it('who has outlived the first process of a plain job is still known and can be killed', async () => {
  const job = await start(['sleep', '60'], { pidNamespace: false });
  process.kill(job.process.pid, 'SIGKILL');
  await pollUntil(async () => !(await isAlive(job.process)));
  expect((await treeOf(job.process)).map(commOf)).toEqual(['sleep']);
  await killTree(job.process);
  expect(await treeOf(job.process)).toEqual([]);
});

it('a process that has ended and was not waited for is gone', async () => {
  // its parent sleeps and never asks for its status
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text: Buffer) => resolve(Number(text))),
  );
  const stat = await pollUntil(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.includes(') Z ') ? text : null;
  });
  const startTicks = Number(stat.split(') ')[1]!.split(' ')[19]);
  expect(await isAlive({ pid, startTicks, mode: 'plain' })).toBe(false);
  parent.kill('SIGKILL');
});
