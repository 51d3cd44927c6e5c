import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import type { JobView } from '../../src/core/cluster-map.js';
import { pollUntil } from '../poll-until.js';
import { endOf, runTool, startTool, type ToolRun } from './run-tool.js';

describe('one machine', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'moskit-one-'));
    env = { ...process.env, MOSKIT_DIR: folder };
    await runTool(['setpe', '-w'], { env, stdin: `1 ${hostname()} 1\n` });
  });
  afterEach(async () => {
    await runTool(['moskit', 'stop'], { env });
    // A mosd that came too late may still be writing to the log that another runs already.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  const run = (line: string, stdin = ''): Promise<ToolRun> => runTool(line.split(' '), { env, stdin });
  const mosdPid = (): number =>
    (JSON.parse(readFileSync(join(folder, 'mosd.pid'), 'utf8')) as { readonly pid: number }).pid;

  test('tools that come all at once start one mosd', async () => {
    const runs = await Promise.all(Array.from({ length: 6 }, () => run('mosctl isup 1')));
    expect(runs.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(
      runs.map(() => [0, 'yes\n', '']),
    );
    const log = readFileSync(join(folder, 'mosd.log'), 'utf8');
    expect(log.match(/listens on/g)).toHaveLength(1);
  });

  test('of two that are started at once for one state folder one runs, the other says so, whatever their runtime folders', async () => {
    const state = { ...env, XDG_STATE_HOME: folder };
    Reflect.deleteProperty(state, 'MOSKIT_DIR');
    const runtimes = ['r1', 'r2'].map((name) => join(folder, name));
    const envs = runtimes.map((path) => ({ ...state, XDG_RUNTIME_DIR: path }));
    for (const path of runtimes) mkdirSync(path, { mode: 0o700 });
    try {
      await runTool(['setpe', '-w'], { env: envs[0]!, stdin: `1 ${hostname()} 1\n` });
      const children = envs.map((one) => startTool(['mosd'], one));
      const loser = await Promise.race(children.map(endOf));
      expect(loser).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/mosd runs already for .*PID/) as unknown,
      });
      const [one, other] = await Promise.all(
        envs.map((each) => runTool(['mosctl', 'status', '--json'], { env: each })),
      );
      expect([one!.code, other!.code]).toEqual([0, 0]);
      const log = readFileSync(join(folder, 'moskit', hostname(), 'mosd.log'), 'utf8');
      expect(log.match(/listens on/g)).toHaveLength(1);
    } finally {
      for (const each of envs) await runTool(['moskit', 'stop'], { env: each });
    }
  });

  test('after mosd was killed the next tool starts another, over its socket and lock', async () => {
    await run('mosctl isup 1');
    const first = mosdPid();
    process.kill(first, 'SIGKILL');
    expect(await run('mosctl isup 1')).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(mosdPid()).not.toBe(first);
  });

  test('moskit stop ends it, and says when there is none', async () => {
    await run('mosctl isup 1');
    expect(await run('moskit stop --json')).toMatchObject({ code: 0, stdout: '{"stopped":true}\n' });
    expect(await run('moskit stop')).toMatchObject({ code: 0, stderr: 'moskit stop: mosd does not run\n' });
  });

  test('settings last: they are in the file when the command ends, and known to the next mosd', async () => {
    await run('mosctl setspeed 4321');
    await run('mosctl block');
    process.kill(mosdPid(), 'SIGKILL');
    expect(await run('mosctl getspeed')).toMatchObject({ stdout: '4321\n' });
    expect((await run('mosctl status')).stdout).toContain('incoming migrations: refused (block)');
    await run('mosctl setspeed auto');
    expect(await pollUntil(async () => (await run('mosctl getspeed')).stdout !== '4321\n')).toBe(true);
  });

  test('setpe gives a new map to the mosd that runs', async () => {
    await run('mosctl isup 1');
    expect(await run('setpe -w', `1 ${hostname()} 1\n2 198.51.100.9 1\n`)).toMatchObject({ code: 0 });
    expect(await run('mosctl whois 2')).toMatchObject({
      stdout: 'openMosix #2 is at address 198.51.100.9\n',
    });
    expect((await run('setpe -r')).stdout).toBe(`1 ${hostname()} 1\n2 198.51.100.9 1\n`);
    await run('setpe -off');
    expect(await run('mosctl isup 1')).toMatchObject({ code: 1 });
  });

  test('jobs of the past are listed with -a only', async () => {
    expect(await run('mosrun sh -c exit$IFS"3"')).toMatchObject({ code: 3 });
    expect((await run('mps')).stdout.split('\n')).toHaveLength(2);
    expect((await run('mps -a')).stdout).toContain('exit 3');
  });
});

describe('three nodes', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 3 });
    const map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
    await runTool(['setpe', '-w', '--node', '1'], { env: cluster.node(1).env, stdin: map });
  });
  afterAll(() => cluster.stop());
  const on = (n: number, line: string): Promise<ToolRun> =>
    runTool(line.split(' '), { env: cluster.node(n).env });
  const jobs = async (): Promise<readonly JobView[]> =>
    (JSON.parse((await on(1, 'mps --json')).stdout) as { readonly jobs: readonly JobView[] }).jobs;

  test('all are up, asked in one go', async () => {
    expect(
      await pollUntil(async () => (await on(1, 'mosctl isup all')).stdout === '1: yes\n2: yes\n3: yes\n'),
    ).toBe(true);
  });

  test('a job goes where it is sent, is seen there as a guest, and is sent home from there', async () => {
    const job = (await on(1, 'mosrun --detach --restartable -L -- sleep 1000')).stdout.trim();
    await pollUntil(async () => (await jobs()).some((view) => view.job === job && view.state === 'running'));
    const before = (await jobs()).find((view) => view.job === job)?.where ?? 0;
    const target = before === 2 ? 3 : 2;
    const sent = await on(1, `migrate ${job} ${target}`);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toMatch(
      new RegExp(`^${job}: ${before} -> ${target}, stood still \\d+\\.\\d\\d s, .* moved \\(restart\\)\n$`),
    );
    const guests = (await on(target, 'mps')).stdout;
    expect(guests).toMatch(new RegExp(`^ *(\\d+) ${job} +1 +here guest .* sleep 1000$`, 'm'));
    const pid = /^ *(\d+) /m.exec(guests.split('\n')[1] ?? '')?.[1] ?? '';
    expect(await on(target, `migrate ${pid} home`)).toMatchObject({ code: 0 });
    expect((await jobs()).find((view) => view.job === job)).toMatchObject({ where: 1 });
    expect(await on(1, `migrate ${job} 1`)).toMatchObject({ code: 4, stdout: '' });
  });

  test('expel empties a node, bring fetches what is away', async () => {
    const job = (await on(1, 'mosrun --detach --restartable -L -j 3 -- sleep 1000')).stdout.trim();
    await pollUntil(async () =>
      (await jobs()).some((view) => view.job === job && view.where === 3 && view.state === 'running'),
    );
    expect(await on(3, 'mosctl expel')).toMatchObject({ code: 0 });
    expect((await jobs()).find((view) => view.job === job)).toMatchObject({ where: 1 });
    expect(await on(1, `migrate ${job} 3`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('block') as unknown,
    });
    await on(3, 'mosctl noblock');
    expect(await on(1, `migrate ${job} 2`)).toMatchObject({ code: 0 });
    expect(await on(1, 'mosctl bring')).toMatchObject({ code: 0 });
    expect((await jobs()).every((view) => view.where === 1)).toBe(true);
    await on(1, 'mosctl nolstay');
  });
});
