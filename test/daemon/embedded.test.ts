import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { connectMosd } from '../../src/cluster/mosd-client.js';
import type { JobView } from '../../src/core/cluster-map.js';
import { endOf, repository, runTool, startTool, type ToolRun } from '../commands/run-tool.js';
import { aSpec } from '../job-spec-fixture.js';
import { pollUntil } from '../poll-until.js';

const checkpointing = join(repository, 'fixtures', 'programs', 'self-checkpoint.sh');
/** Prints 1 … 40, a line every twentieth of a second, and then goes on until the file is there: no test is too slow. */
const ticksUntil = (file: string): string =>
  `i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; sleep 0.05; done; until [ -e ${file} ]; do sleep 0.05; done; exit 7`;
const allTicks = Array.from({ length: 40 }, (_, i) => `${i + 1}\n`).join('');

describe('jobs on embedded nodes, without privileges', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 3, env: { MOSKIT_SHARED_MACHINE: '1' } });
    const map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
    await runTool(['setpe', '-w', '--node', '1'], { env: cluster.node(1).env, stdin: map });
    for (const { n } of cluster.nodes)
      await pollUntil(async () => (await on(1, 'mosctl', 'isup', `${n}`)).code === 0);
  });
  afterAll(() => cluster.stop());

  const on = (n: number, ...words: readonly string[]): Promise<ToolRun> =>
    runTool(words, { env: cluster.node(n).env });
  let gates = 0;
  const gate = (): string => join(cluster.dir, `gate-${++gates}`);
  const openGate = (): Promise<void> => writeFile(join(cluster.dir, `gate-${gates}`), '');
  const start = (...words: readonly string[]): { readonly pid: number; readonly end: Promise<ToolRun> } => {
    const child = startTool(['mosrun', ...words], cluster.node(1).env);
    child.stdin?.end();
    return { pid: child.pid ?? 0, end: endOf(child) };
  };
  const jobOf = async (pid: number): Promise<JobView | undefined> => {
    const { jobs } = JSON.parse((await on(1, 'mps', '--json')).stdout) as {
      readonly jobs: readonly JobView[];
    };
    return jobs.find((job) => job.pid === pid);
  };
  const runs = (pid: number): Promise<JobView> =>
    pollUntil(async () => {
      const job = await jobOf(pid);
      return job?.state === 'running' && job.driver !== null ? job : undefined;
    });
  const isRunning = (pid: number): Promise<boolean> =>
    pollUntil(async () => (await jobOf(pid))?.state === 'running');
  const mosdOf = (n: number): number =>
    (JSON.parse(readFileSync(join(cluster.node(n).home, '.moskit', 'mosd.pid'), 'utf8')) as { pid: number })
      .pid;

  it('streams, standard input and exit code pass as if the job were local', async () => {
    const script = 'cat; echo "to stderr" >&2; exit 42';
    const stdin = `a line\nno newline at the end ${'x'.repeat(300_000)}`;
    const run = await runTool(['mosrun', '2', 'sh', '-c', script], { env: cluster.node(1).env, stdin });
    expect(run).toEqual({ code: 42, signal: null, stdout: stdin, stderr: 'to stderr\n' });
  });

  it('output that becomes shorter is a reason in the log and no damaged frame, and what comes later arrives', async () => {
    const script = `echo a long first line; until [ -e ${gate()} ]; do sleep 0.05; done; : > /dev/stdout; sleep 0.5; seq 1 50 >> /dev/stdout; echo done >&2`;
    const job = start('2', 'sh', '-c', script);
    await isRunning(job.pid);
    const spool = join(cluster.node(1).home, '.moskit');
    await pollUntil(() => execFileSync('grep', ['-rsl', 'a long first', spool]).length > 0);
    await openGate();
    const end = await job.end;
    expect(end).toMatchObject({ code: 0, stderr: 'done\n' });
    expect(end.stdout).toMatch(/^a long first line\n[^a]*\n49\n50\n$/);
    const log = readFileSync(join(cluster.node(1).home, '.moskit', 'mosd.log'), 'utf8');
    expect(log).toMatch(/its streams on node 2: .*stdout became shorter \(/);
    expect(log).not.toContain('damaged frame');
  });

  it('a program that saves itself moves there and back and prints everything once', async () => {
    const folder = join(cluster.node(1).home, 'work');
    await mkdir(folder);
    const words = [
      '--ckpt-signal',
      'USR1',
      '2',
      'sh',
      '-c',
      `cd ${folder} && exec sh ${checkpointing} 100 0.05`,
    ];
    const job = start(...words);
    await runs(job.pid);
    for (const to of ['3', 'home'])
      expect(await on(1, 'migrate', `${job.pid}`, to)).toMatchObject({ code: 0 });
    expect(await jobOf(job.pid)).toMatchObject({ where: 1, nmigs: 2 });
    await mkdir(join(folder, 'local'));
    const expected = execFileSync('sh', [checkpointing, '100', '0'], {
      cwd: join(folder, 'local'),
      encoding: 'utf8',
    });
    expect(await job.end).toMatchObject({ code: 0, stdout: expected });
  });

  it('a restartable job goes elsewhere and its repeated output is printed once', async () => {
    const job = start('--restartable', '2', 'sh', '-c', ticksUntil(gate()));
    await runs(job.pid);
    expect(await on(1, 'migrate', `${job.pid}`, '3')).toMatchObject({ code: 0 });
    await openGate();
    expect(await job.end).toMatchObject({ code: 7, stdout: allTicks });
  });

  it('kill -9 of the mosd at home and of the one at the node loses no byte', async () => {
    const job = start('2', 'sh', '-c', ticksUntil(gate()));
    await isRunning(job.pid);
    process.kill(mosdOf(1), 'SIGKILL');
    await isRunning(job.pid);
    process.kill(mosdOf(2), 'SIGKILL');
    await openGate();
    expect(await job.end).toMatchObject({ code: 7, stdout: allTicks });
  });

  it('a mosd that was stopped leaves its jobs running, and the next one adopts them', async () => {
    const job = start('1', 'sh', '-c', ticksUntil(gate()));
    await isRunning(job.pid);
    const before = mosdOf(1);
    expect(await on(1, 'moskit', 'stop')).toMatchObject({ code: 0 });
    await isRunning(job.pid);
    expect(mosdOf(1)).not.toBe(before);
    await openGate();
    expect(await job.end).toMatchObject({ code: 7, stdout: allTicks });
  });

  it('a job whose node is cut off is unreachable, and goes on when the node is back', async () => {
    const job = start('3', 'sh', '-c', `until [ -e ${gate()} ]; do sleep 0.05; done; echo went on`);
    await isRunning(job.pid);
    await cluster.node(3).server.cut();
    await pollUntil(async () => (await jobOf(job.pid))?.state === 'unreachable');
    await cluster.node(3).server.heal();
    await openGate();
    expect(await job.end).toMatchObject({ code: 0, stdout: 'went on\n' });
  });

  it('a node that is blocked refuses a job and a move with 4, and the job runs on', async () => {
    const job = start('--restartable', '3', 'sh', '-c', ticksUntil(gate()));
    await runs(job.pid);
    await on(2, 'mosctl', 'block');
    const refused = await on(1, 'migrate', `${job.pid}`, '2');
    await on(2, 'mosctl', 'noblock');
    expect([refused.code, refused.stderr + refused.stdout]).toEqual([4, expect.stringContaining('block')]);
    await openGate();
    expect(await job.end).toMatchObject({ code: 7, stdout: allTicks });
  });

  it('the same submission of the same deputy is one job', async () => {
    const client = await connectMosd({ start: true, env: cluster.node(1).env });
    const deputy = { pid: process.pid, startTicks: ownStartTicks() };
    const spec = aSpec({ argv: ['sleep', '0.3'], where: { kind: 'home' }, deputy });
    const answers = await Promise.all([
      client.request('submit', { spec }),
      client.request('submit', { spec }),
    ]);
    client.close();
    expect(new Set(answers.map(({ job }) => job)).size).toBe(1);
  });
});

function ownStartTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}
