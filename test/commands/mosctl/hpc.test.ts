import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../../fixtures/embedded/cluster.js';
import type { ClusterMap, JobView } from '../../../src/core/cluster-map.js';
import { pollUntil } from '../../poll-until.js';
import { endOf, runTool, startTool, type ToolRun } from '../run-tool.js';

let cluster: EmbeddedCluster;
let map: string;
beforeAll(async () => {
  cluster = await startEmbeddedCluster({ nodes: 3, env: { MOSKIT_SHARED_MACHINE: '1' } });
  map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
  await runTool(['setpe', '-w', '--node', '1'], { env: cluster.node(1).env, stdin: map });
  await pollUntil(async () => (await on(1, 'mosctl isup all')).code === 0);
});
afterAll(() => cluster.stop());

const on = (n: number, line: string): Promise<ToolRun> =>
  runTool(line.split(' '), { env: cluster.node(n).env });
const value = async (path: string): Promise<string> => (await on(1, `mosctl get ${path}`)).stdout.trimEnd();
const jobs = async (): Promise<readonly JobView[]> =>
  (JSON.parse((await on(1, 'mps --json')).stdout) as { readonly jobs: readonly JobView[] }).jobs;
const start = async (words: string): Promise<string> => {
  const job = (await on(1, `mosrun --detach --restartable ${words} -- sleep 1000`)).stdout.trim();
  const movable = await pollUntil(async () =>
    (await jobs()).some((view) => view.job === job && view.state === 'running' && view.driver !== null),
  );
  expect(movable).toBe(true);
  return job;
};

describe('/proc/hpc of this node', () => {
  test('what set writes, get reads, and the file has', async () => {
    expect(await on(1, 'mosctl set /proc/hpc/admin/lstay 1')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await value('admin/lstay')).toBe('1');
    expect(readMap().admin.lstay).toBe(1);
    await on(1, 'mosctl nolstay');
    expect(await value('admin/lstay')).toBe('0');
  });

  test('a new job gets what decay says, unless it says it itself', async () => {
    await on(1, 'mosctl set decay/iojob 1');
    await on(1, 'mosctl set admin/disclosure 1');
    const job = await start('-L -h');
    await on(1, 'mosctl set decay/clear 1');
    await on(1, 'mosctl set admin/disclosure 3');
    expect(await value(`${job}/disclosure`)).toBe('1');
    expect(JSON.parse(readFileSync(recordOf(job), 'utf8'))).toMatchObject({
      value: { spec: { hint: 'iojob', decay: 'slow' } },
    });
  });

  test('load is shown by the yardstick', async () => {
    await on(1, 'mosctl setspeed 8000');
    await on(1, 'mosctl setyard this');
    expect(await value('admin/sspeed')).toBe('8000');
    expect(JSON.parse((await on(1, 'mosmon --json')).stdout.split('\n')[0] ?? '')).toMatchObject({
      sspeed: 8000,
    });
    await on(1, 'mosctl setyard standard');
  });
});

describe('/proc/PID of a job born here', () => {
  test('goto moves it there and home, lock and sigmig and disclosure hold', async () => {
    const job = await start('-L 1');
    expect(await on(1, `mosctl set ${job}/goto 3`)).toMatchObject({ code: 0, stderr: '' });
    expect(await value(`${job}/where`)).toBe('3');
    expect((await on(3, 'mps')).stdout).toContain('sleep 1000');
    expect(await on(1, `mosctl set ${job}/disclosure 0`)).toMatchObject({ code: 0, stderr: '' });
    expect((await on(3, 'mps')).stdout).not.toContain('sleep 1000');
    expect(await on(1, `mosctl set ${job}/lock 0`)).toMatchObject({ code: 0 });
    expect(await value(`${job}/lock`)).toBe('0');
    expect(await on(1, `mosctl set ${job}/lock 1`)).toMatchObject({ code: 0 });
    expect(await on(1, `mosctl set ${job}/sigmig NONSENSE`)).toMatchObject({ code: 2 });
    expect(await on(1, `mosctl set ${job}/goto home`)).toMatchObject({ code: 0 });
    expect(await value(`${job}/where`)).toBe('0');
    expect(await value(`${job}/nmigs`)).toBe('2');
  });

  test('sigmig: the job gets its signal after a move', async () => {
    const job = await start('-L 1');
    expect(await on(1, `mosctl set ${job}/sigmig CONT`)).toMatchObject({ code: 0, stderr: '' });
    expect(await value(`${job}/sigmig`)).toBe('SIGCONT');
    expect(await on(1, `mosctl set ${job}/goto 2`)).toMatchObject({ code: 0 });
    const isTold = async (): Promise<boolean> =>
      /signal.*SIGCONT/.test((await on(1, `mosctl log --job ${job}`)).stdout);
    expect(await pollUntil(isTold)).toBe(true);
  });
});

describe('--on', () => {
  test('sets and shows other nodes through their mosd, each line with its node', async () => {
    expect(await on(1, 'mosctl lstay --on 2-3')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await on(1, 'mosctl get admin/lstay --on all')).toMatchObject({ stdout: '1: 0\n2: 1\n3: 1\n' });
    expect(await on(2, 'mosctl get admin/lstay')).toMatchObject({ stdout: '1\n' });
    expect((await on(1, 'mosctl getdecay --on 2')).stdout).toContain('2: interval 1 s');
    expect(await on(1, 'mosctl nolstay --on 2,3 --json')).toMatchObject({
      stdout: '[{"node":2,"answer":{"lstay":0}},{"node":3,"answer":{"lstay":0}}]\n',
    });
  });

  test('expel on another node sends its guests home', async () => {
    const job = await start('-L 2');
    const run = await on(1, 'mosctl expel --on 2');
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(new RegExp(`^2: ${job}: 2 -> 1`, 'm'));
    await on(1, 'mosctl noblock --on 2');
  });
});

describe('the plug can be pulled', () => {
  test('after expel and bring nothing of a node that is killed is missed', async () => {
    await runTool(['setpe', '-w', '--node', '3'], { env: cluster.node(3).env, stdin: map });
    const gate = join(cluster.dir, 'unplugged');
    const script = `echo before; until [ -e ${gate} ]; do sleep 0.05; done; echo after; exit 9`;
    const guest = startTool(['mosrun', '--restartable', '3', 'sh', '-c', script], cluster.node(1).env);
    guest.stdin?.end();
    const guestEnd = endOf(guest);
    const own = startTool(['mosrun', '--restartable', '2', 'sh', '-c', script], cluster.node(3).env);
    own.stdin?.end();
    const ownEnd = endOf(own);
    const whereIs = async (n: number, pid: number | undefined): Promise<number | undefined> =>
      (JSON.parse((await on(n, 'mps --json')).stdout) as { readonly jobs: readonly JobView[] }).jobs.find(
        (view) => view.pid === pid && view.state === 'running' && view.driver !== null,
      )?.where;
    expect(await pollUntil(async () => (await whereIs(1, guest.pid)) === 3)).toBe(true);
    expect(await pollUntil(async () => (await whereIs(3, own.pid)) === 2)).toBe(true);
    expect(await on(3, 'mosctl expel --timeout 60')).toMatchObject({ code: 0 });
    expect(await on(3, 'mosctl bring --timeout 60')).toMatchObject({ code: 0 });
    expect((await on(3, 'mosctl status')).stdout).toContain('refused (block)');
    expect(await on(3, 'mosctl get admin/lstay')).toMatchObject({ stdout: '1\n' });
    expect(await whereIs(1, guest.pid)).toBe(1);
    expect(await whereIs(3, own.pid)).toBe(3);
    await cluster.node(3).server.cut();
    process.kill(mosdOf(3), 'SIGKILL');
    writeFileSync(gate, '');
    expect(await guestEnd).toMatchObject({ code: 9, stdout: 'before\nafter\n' });
    own.kill('SIGKILL');
    await ownEnd;
  });
});

describe('hpc.json in an editor', () => {
  const path = (): string => join(cluster.node(1).home, '.moskit', 'hpc.json');

  test('a saved change counts at once: settings, bring, a job sent elsewhere', async () => {
    const job = await start('-L -h');
    await pollUntil(() => Promise.resolve(readMap().jobs[job] !== undefined));
    const was = readMap();
    const edited = {
      ...was,
      admin: { ...was.admin, decayinterval: 7 },
      jobs: { ...was.jobs, [job]: { ...was.jobs[job], goto: 2 } },
    };
    writeFileSync(`${path()}.new`, JSON.stringify(edited, null, 2), { mode: 0o600 });
    renameSync(`${path()}.new`, path());
    expect(await pollUntil(async () => (await value(`${job}/where`)) === '2')).toBe(true);
    expect(await value('admin/decayinterval')).toBe('7');
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('"bring": 0', '"bring": 1'));
    expect(await pollUntil(async () => (await value(`${job}/where`)) === '0')).toBe(true);
    expect(readMap().admin).toMatchObject({ bring: 0, lstay: 1 });
    await on(1, 'mosctl nolstay');
  });

  test.each([
    ['text that is no JSON', '"block": 0', '"block": 0 0', /line \d+, column \d+: /],
    ['a value out of range', '"gateways": 0', '"gateways": 3', /line \d+, column 17: admin\.gateways: /],
    [
      'another number while jobs run',
      '"mospe": 1',
      '"mospe": 2',
      /line \d+, column 14: admin\.mospe: \d jobs/,
    ],
  ])('%s is refused with line and column, and the running state stays', async (_, from, to, message) => {
    writeFileSync(path(), readFileSync(path(), 'utf8').replace(from, to));
    const refused = await pollUntil(async () =>
      (await on(1, 'mosctl log')).stdout.split('\n').findLast((line) => message.test(line)),
    );
    expect(refused).toContain('was refused and kept as');
    expect(await value('admin/gateways')).toBe('0');
    expect(await value('admin/mospe')).toBe('1');
    expect(await pollUntil(() => Promise.resolve(isSound()))).toBe(true);
  });

  function isSound(): boolean {
    try {
      const { admin } = readMap();
      return admin.gateways === 0 && admin.mospe === 1;
    } catch {
      return false;
    }
  }
});

function readMap(): ClusterMap {
  return JSON.parse(readFileSync(join(cluster.node(1).home, '.moskit', 'hpc.json'), 'utf8')) as ClusterMap;
}

function recordOf(job: string): string {
  return join(cluster.node(1).home, '.moskit', 'homes', job, 'job.json');
}

function mosdOf(n: number): number {
  const path = join(cluster.node(n).home, '.moskit', 'mosd.pid');
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly pid: number }).pid;
}
