import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayUseLab } from '../../fixtures/lab/lab.js';
import { pollUntil } from '../poll-until.js';
import { LabJobs, type LabJob } from './lab-jobs.js';

const here = await mayUseLab();

describe.skipIf(!here)('a job that moves', () => {
  let jobs: LabJobs;
  beforeAll(async () => {
    jobs = await LabJobs.start('test-criu-continuity');
  });
  afterAll(async () => {
    await jobs.down();
  });

  const feed = (job: LabJob, text: string): void =>
    appendFileSync(join(jobs.rootOf(job.node), job.harness.folder.dir, 'stdin.data'), text);
  const printed = (job: LabJob, text: string): Promise<unknown> =>
    pollUntil(async () => (await job.read('stdout')).includes(text));
  const statesOf = async (job: LabJob): Promise<readonly string[]> => {
    const pids = await job.ask<readonly number[]>('tree');
    const { stdout } = await jobs.lab.exec(job.node, ['ps', '-o', 'stat=', '-p', pids.slice(1).join(',')]);
    return stdout.trim().split('\n');
  };

  it('reads its input on: what was on the way, what comes later, and the end', async () => {
    const job = await jobs.run(
      1,
      ['sh', '-c', 'while read -r line; do echo "got $line"; sleep 0.05; done; echo end'],
      {
        stdin: 'stream',
      },
    );
    feed(job, Array.from({ length: 40 }, (_, n) => `first ${n}\n`).join(''));
    await printed(job, 'got first 3');
    await job.move(2);
    feed(job, 'second\n');
    await printed(job, 'got second');
    await job.move(1);
    feed(job, 'third\n');
    await job.ask('endStdin');
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
    const lines = Array.from({ length: 40 }, (_, n) => `got first ${n}\n`).join('');
    expect(await job.read('stdout')).toBe(`${lines}got second\ngot third\nend\n`);
  });

  it('takes signals where it is, and how it dies there is recorded there', async () => {
    const job = await jobs.run(1, [
      'sh',
      '-c',
      'trap "echo saved" USR1; echo ready; while :; do sleep 0.1; done',
    ]);
    await printed(job, 'ready');
    await job.move(2);
    await job.ask('signal', { signal: 'SIGUSR1' });
    await printed(job, 'saved');
    await job.ask('signal', { signal: 'SIGTERM' });
    expect(await job.exit()).toEqual({ kind: 'signal', signal: 'SIGTERM' });
  });

  it('stands still after the move when the user had stopped it before, and goes on when told to', async () => {
    const job = await jobs.run(1, ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.3; done']);
    await printed(job, '1');
    await job.ask('stop');
    await job.move(2);
    expect(new Set((await statesOf(job)).map((state) => state[0]))).toEqual(new Set(['T']));
    await job.ask('goOn');
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
    expect(await job.read('stdout')).toBe('1\n2\n3\n');
  });

  it('leaves a child that it has stopped itself alone', async () => {
    const script =
      'sleep 600 & kill -STOP $!; echo stopped; while [ ! -e go ]; do sleep 0.05; done; kill -KILL $!; echo over';
    const job = await jobs.run(1, ['sh', '-c', script]);
    await printed(job, 'stopped');
    await job.move(2);
    expect((await statesOf(job)).filter((state) => state.startsWith('T'))).toHaveLength(1);
    writeFileSync(join(jobs.rootOf(2), job.harness.folder.cwd, 'go'), '');
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
  });

  it('has clocks that only go forward, evenly', async () => {
    const script = [
      'import time',
      'last = time.monotonic(); longest = 0',
      'for i in range(60):',
      '    time.sleep(0.05); now = time.monotonic(); assert now > last; longest = max(longest, now - last); last = now',
      '    print(i, flush=True)',
      'print("longest", longest < 60)',
    ];
    const job = await jobs.run(1, ['python3', '-c', script.join('\n')]);
    await printed(job, '5\n');
    await job.move(2);
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
    expect(await job.read('stdout')).toContain('longest True');
  });

  it('keeps its temporary files, removed files and a file with another name', async () => {
    const script = [
      'import os, tempfile, time',
      "a = open('a', 'w+'); os.link('a', 'b'); os.unlink('a')",
      'c = tempfile.TemporaryFile(); d = tempfile.NamedTemporaryFile()',
      "print('ready', flush=True)",
      "while not os.path.exists('go'): time.sleep(0.05)",
      "a.write('one'); a.flush(); c.write(b'two'); c.seek(0); d.write(b'three'); d.flush()",
      "print(open('b').read(), c.read().decode(), open(d.name).read(), sorted(os.listdir('.')))",
    ];
    const job = await jobs.run(1, ['python3', '-c', script.join('\n')]);
    await printed(job, 'ready');
    await job.move(2);
    writeFileSync(join(jobs.rootOf(2), job.harness.folder.cwd, 'go'), '');
    expect(await job.exit()).toEqual({ kind: 'code', code: 0 });
    expect(await job.read('stdout')).toBe("ready\none two three ['b', 'go']\n");
  });

  it('moves many times with every line of its output once', async () => {
    const argv = ['python3', '$P/lines.py', '5000', '2'];
    const still = await jobs.run(1, argv);
    const job = await jobs.run(1, argv);
    for (let move = 0; move < 8; move++) await job.move(job.node === 1 ? 2 : 1);
    expect(await job.exit(120_000)).toEqual({ kind: 'code', code: 0 });
    await still.exit(120_000);
    for (const stream of ['stdout', 'stderr']) expect(await job.read(stream)).toBe(await still.read(stream));
  });

  it('sorts with temporary files of its own', async () => {
    const script =
      'for i in $(seq 200); do seq $i 997 200000; sleep 0.02; done | sort -S 200K -n | sha256sum';
    const sorting = jobs.lab.exec(2, script);
    const job = await jobs.run(1, ['sh', '-c', script]);
    await pollUntil(async () => (await job.ask<readonly number[]>('tree')).length > 4);
    await job.move(2);
    await job.move(1);
    expect(await job.exit(120_000)).toEqual({ kind: 'code', code: 0 });
    expect(await job.read('stdout')).toBe((await sorting).stdout);
  });
});
