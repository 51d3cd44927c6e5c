import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import type { JobView } from '../../src/core/cluster-map.js';
import { endOf, runTool, startTool, type ToolRun } from '../commands/run-tool.js';
import { pollUntil } from '../poll-until.js';
import { canMount } from '../state/temp-folder.js';

interface Started {
  readonly pid: number;
  readonly end: Promise<ToolRun>;
  /** What it has said so far. */
  readonly stderr: () => string;
}

const diskMib = 24;
const block = Buffer.alloc(1024 * 1024);

/** Home and a node whose state folders are small disks of their own; the jobs' folders are elsewhere. */
describe.runIf(canMount)('on disks that are full or read-only (tmpfs, root only)', () => {
  let cluster: EmbeddedCluster;
  let gates = 0;
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mosk-'));
    for (const n of [1, 2]) {
      const disk = join(dir, `n${n}`, '.moskit');
      mkdirSync(disk, { recursive: true });
      execFileSync('mount', ['-n', '-t', 'tmpfs', '-o', `size=${diskMib}m,mode=700`, 'moskit-test', disk]);
    }
    cluster = await startEmbeddedCluster({ nodes: 2, dir, env: { MOSKIT_SHARED_MACHINE: '1' } });
    const jobs = join(dir, 'jobs');
    mkdirSync(jobs, { mode: 0o700 });
    await on(1, 'setpe', '-w', '--node', '1', '-f', writtenMap());
    await on(1, 'moskit', 'stop');
    const map = join(disk(1), 'hpc.json');
    const { admin, ...rest } = JSON.parse(readFileSync(map, 'utf8')) as { readonly admin: object };
    writeFileSync(map, JSON.stringify({ ...rest, admin: { ...admin, jobsroot: jobs } }));
    await bothUp();
  });
  afterEach(async () => {
    for (const n of [1, 2]) {
      makeWritable(n);
      makeRoom(n);
    }
    await bothUp();
  });
  afterAll(async () => {
    for (const n of [1, 2]) execFileSync('umount', ['-n', '-l', disk(n)]);
    await cluster.stop();
  });

  const disk = (n: number): string => join(cluster.node(n).home, '.moskit');
  const writtenMap = (): string => {
    const path = join(cluster.dir, 'map');
    writeFileSync(path, cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join(''));
    return path;
  };
  const on = (n: number, ...words: readonly string[]): Promise<ToolRun> =>
    runTool(words, { env: cluster.node(n).env });
  const bothUp = (): Promise<boolean> =>
    pollUntil(async () => (await on(1, 'mosctl', 'isup', 'all')).stdout === '1: yes\n2: yes\n');
  /** What is open stays so, as when the kernel gives a disk up; no file can be opened for writing any more. */
  const isReadOnly = new Set<number>();
  const makeReadOnly = (n: number): void => {
    execFileSync('mount', ['-n', '--bind', disk(n), disk(n)]);
    isReadOnly.add(n);
    execFileSync('mount', ['-n', '-o', 'remount,bind,ro', disk(n)]);
  };
  const makeWritable = (n: number): void => {
    if (isReadOnly.delete(n)) execFileSync('umount', ['-n', '-l', disk(n)]);
  };
  const filler = (n: number): string => join(disk(n), 'filler');
  const fill = (n: number): void => {
    for (const size of [block.length, 4096]) {
      try {
        for (;;) appendFileSync(filler(n), block.subarray(0, size));
      } catch {
        // that is all there was
      }
    }
  };
  const makeRoom = (n: number): void => rmSync(filler(n), { force: true });
  const gate = (): string => join(cluster.dir, `gate-${++gates}`);
  const open = (path: string): void => writeFileSync(path, '');
  const start = (...words: readonly string[]): Started => {
    const child = startTool(['mosrun', ...words], cluster.node(1).env);
    child.stdin?.end();
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer | string) => (stderr += chunk.toString()));
    return { pid: child.pid ?? 0, end: endOf(child), stderr: () => stderr };
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
      return job?.state === 'running' ? job : undefined;
    });
  /** It can be moved. */
  const isReady = (pid: number): Promise<JobView> =>
    pollUntil(async () => {
      const job = await jobOf(pid);
      return job?.driver ? job : undefined;
    });
  const mosdOf = (n: number): number =>
    (JSON.parse(readFileSync(join(disk(n), 'mosd.pid'), 'utf8')) as { readonly pid: number }).pid;

  it('home takes no new job and no setting, says where room is missing, and goes on when there is some', async () => {
    const mosd = mosdOf(1);
    fill(1);
    const noRoom = new RegExp(
      `no space is left \\(ENOSPC\\) on ${disk(1)}\n.*free space on ${disk(1)}, then`,
    );
    expect(await on(1, 'mosrun', '2', 'true')).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(noRoom) as unknown,
    });
    expect(await on(1, 'mosctl', 'setspeed', '4321')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(noRoom) as unknown,
    });
    for (const question of ['mosctl status', 'mosctl getspeed', 'mps', 'mosctl log', 'showmap'])
      expect(await on(1, ...question.split(' ')), question).toMatchObject({ code: 0, stderr: '' });
    makeRoom(1);
    expect(await on(1, 'mosrun', '2', 'true')).toMatchObject({ code: 0, stderr: '' });
    expect(await on(1, 'mosctl', 'setspeed', '4321')).toMatchObject({ code: 0 });
    expect((await on(1, 'mosctl', 'getspeed')).stdout).toBe('4321\n');
    expect(mosdOf(1)).toBe(mosd);
    expect(readFileSync(join(disk(1), 'mosd.log'), 'utf8')).not.toContain('left alone');
  });

  it('a job that prints and ends while home is full is held back, not lost: all of it comes, and its exit code', async () => {
    const words = gate();
    const job = start('2', 'sh', '-c', `until [ -e ${words} ]; do sleep 0.05; done; seq 500000; exit 7`);
    await runs(job.pid);
    fill(1);
    open(words);
    await pollUntil(() => job.stderr().includes('its output waits'));
    makeRoom(1);
    const { code, stdout, stderr } = await job.end;
    expect(code).toBe(7);
    expect(stdout === Array.from({ length: 500_000 }, (_, i) => `${i + 1}\n`).join('')).toBe(true);
    expect(stderr).toMatch(`its output waits on its node: cannot spool to ${disk(1)}`);
  });

  it('more passes through home than there is room', async () => {
    const mib = 48;
    const job = start('2', 'head', '-c', `${mib}M`, '/dev/zero');
    const { code, stdout } = await job.end;
    expect([code, stdout.length]).toEqual([0, mib * 1024 * 1024]);
  });

  it('a node that is full takes no job and no move, names its disk, and the job runs on', async () => {
    const end = gate();
    const job = start('--restartable', '1', 'sh', '-c', `until [ -e ${end} ]; do sleep 0.05; done; exit 7`);
    await isReady(job.pid);
    fill(2);
    const noRoom = new RegExp(`no space is left \\(ENOSPC\\) on ${disk(2)}`);
    expect(await on(1, 'mosrun', '2', 'true')).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(noRoom) as unknown,
    });
    expect(await on(1, 'migrate', `${job.pid}`, '2')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(noRoom) as unknown,
    });
    expect(await jobOf(job.pid)).toMatchObject({ state: 'running', where: 1, nmigs: 0 });
    makeRoom(2);
    expect(await on(1, 'migrate', `${job.pid}`, '2')).toMatchObject({ code: 0 });
    open(end);
    expect(await job.end).toMatchObject({ code: 7 });
  });

  it.each([
    ['home', 1],
    ['its node', 2],
  ])('a job that is moved away while %s is full stays, or goes: it runs once and ends', async (_, n) => {
    const end = gate();
    const job = start(
      '--restartable',
      '2',
      'sh',
      '-c',
      `echo began; until [ -e ${end} ]; do sleep 0.05; done; exit 7`,
    );
    await isReady(job.pid);
    fill(n);
    expect(await on(1, 'migrate', `${job.pid}`, '1')).toMatchObject({ code: 4 });
    makeRoom(n);
    expect(await runs(job.pid)).toMatchObject({ where: 2, nmigs: 0 });
    expect(await on(1, 'migrate', `${job.pid}`, '1')).toMatchObject({ code: 0 });
    open(end);
    expect(await job.end).toMatchObject({ code: 7, stdout: 'began\n' });
  });

  it('a state folder that becomes read-only under mosd refuses changes in words, answers questions, loses nothing', async () => {
    const end = gate();
    const job = start('2', 'sh', '-c', `until [ -e ${end} ]; do sleep 0.05; done; exit 7`);
    await runs(job.pid);
    makeReadOnly(1);
    const readOnly = new RegExp(
      `it is read-only \\(EROFS\\) on ${disk(1)}\n.*make ${disk(1)} writable again`,
    );
    const refused = { stderr: expect.stringMatching(readOnly) as unknown };
    expect(await on(1, 'mosctl', 'setspeed', '777')).toMatchObject({ code: 1, ...refused });
    expect(await on(1, 'mosrun', '2', 'true')).toMatchObject({ code: 125, ...refused });
    for (const question of ['mosctl status', 'mosctl getspeed', 'mps', 'mosctl log', 'showmap'])
      expect(await on(1, ...question.split(' ')), question).toMatchObject({ code: 0, stderr: '' });
    open(end);
    makeWritable(1);
    expect(await job.end).toMatchObject({ code: 7 });
    expect((await on(1, 'mosctl', 'getspeed')).stdout).not.toBe('777\n');
  });

  it('mosd does not start on a read-only state folder: it says why, and what can be read is read', async () => {
    await on(1, 'moskit', 'stop');
    makeReadOnly(1);
    const readOnly = expect.stringMatching(`it is read-only \\(EROFS\\) on ${disk(1)}`) as unknown;
    expect(await on(1, 'mosd')).toMatchObject({ code: 1, stderr: readOnly });
    expect(await on(1, 'mosctl', 'status')).toMatchObject({ code: 1, stderr: readOnly });
    expect(await on(1, 'mosctl', 'log')).toMatchObject({ code: 0, stderr: '' });
    makeWritable(1);
    expect(await on(1, 'mosctl', 'isup', '1')).toMatchObject({ code: 0, stdout: 'yes\n' });
  });

  it.each([
    ['home', 1],
    ['its node', 2],
  ])('a job that ends while %s is full has its end when there is room', async (_, n) => {
    const end = gate();
    const job = start('2', 'sh', '-c', `until [ -e ${end} ]; do sleep 0.05; done; exit 7`);
    const { job: id } = await runs(job.pid);
    fill(n);
    open(end);
    // Whoever has to write its end down meets the full disk.
    const status = join(cluster.dir, 'jobs');
    await pollUntil(() =>
      readdirSync(status).some((name) => name.startsWith(`${id}.`) && existsSync(join(status, name, 'exit'))),
    );
    if (n === 1) await pollUntil(async () => (await jobOf(job.pid))?.exit !== undefined);
    expect((await jobOf(job.pid))?.job).toBe(id);
    makeRoom(n);
    expect(await job.end).toMatchObject({ code: 7 });
    expect((await on(1, 'mps', '-a')).stdout).toMatch(new RegExp(`${id} .*exit 7`));
  });
});
