import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../poll-until.js';
import { repository, runTool, type ToolRun } from '../run-tool.js';

/** What stderr says first; a hint may follow on a line of its own. */
const complaint = ({ stderr }: ToolRun): string => stderr.split('\n')[0] ?? '';

describe('without a map', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moskit-bad-'));
  const env = { ...process.env, MOSKIT_DIR: folder };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    'mosctl get admin/block',
    'mosctl set admin/block 1',
    'mosctl tree',
    'mosctl block',
    'mosctl getdecay',
    'mosctl gettune',
    'mosctl getyard',
    'mosctl getload 1,4-6',
    'mosctl expel',
    'mosctl bring --timeout 1',
    'mosctl block --on all',
    'migrate 1-1 home',
  ])('%s: one line, exit code 1, nothing is left behind', async (line) => {
    const run = await runTool(line.split(' '), { env });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(complaint(run)).toMatch(/^[a-z ]+: This is not openMosix! No map of the cluster is loaded/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('no mosd, and no way to start one', () => {
  test.each([
    ['the state folder can be made nowhere', '/proc/moskit'],
    ['its path is a file', join(repository, 'package.json', 'moskit')],
  ])('%s', async (_, path) => {
    const run = await runTool(['mosctl', 'get', 'admin/block'], {
      env: { ...process.env, MOSKIT_DIR: path },
    });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(complaint(run)).toMatch(/^mosctl get: /);
    expect(run.stderr).not.toContain('    at ');
  });

  test('mosd ends at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'moskit-bad-'));
    try {
      writeFileSync(join(folder, 'hpc.json'), '{"format": 999}', { mode: 0o600 });
      const run = await runTool(['mosctl', 'block'], { env: { ...process.env, MOSKIT_DIR: folder } });
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(complaint(run)).toMatch(/^mosctl block: mosd did not start/);
      expect(readFileSync(join(folder, 'hpc.json'), 'utf8')).toBe('{"format": 999}');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('a damaged map: what the last change left is used, and the damaged one is kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'moskit-bad-'));
  const env = { ...process.env, MOSKIT_DIR: folder };
  try {
    await runTool(['setpe', '-w'], { env, stdin: `1 ${hostname()} 1\n` });
    await runTool(['moskit', 'stop'], { env });
    writeFileSync(join(folder, 'hpc.json'), '{"format": 1, "config"', { mode: 0o600 });
    expect(await runTool(['mosctl', 'get', 'admin/mospe'], { env })).toMatchObject({
      code: 0,
      stdout: '1\n',
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('hpc.json.damaged-'))).toHaveLength(1);
  } finally {
    await runTool(['moskit', 'stop'], { env });
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
});

describe('of a node that runs', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'moskit-bad-'));
    env = { ...process.env, MOSKIT_DIR: folder };
    await runTool(['setpe', '-w', '--node', '1'], { env, stdin: `1 ${hostname()} 1\n2 moskit.invalid 1\n` });
    const isMeasured = async (): Promise<boolean> =>
      (await runTool(['mosctl', 'get', 'admin/speed'], { env })).stdout !== 'auto\n';
    expect(await pollUntil(isMeasured)).toBe(true);
  });
  afterAll(async () => {
    await runTool(['moskit', 'stop'], { env });
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  const settings = (): unknown =>
    (JSON.parse(readFileSync(join(folder, 'hpc.json'), 'utf8')) as { admin: unknown }).admin;

  test.each<[string, string, number, RegExp]>([
    ['a node that does not exist', 'mosctl getload 9', 2, /node 9 is not in the map/],
    ['one of a list does not exist', 'mosctl getload 1,9', 2, /node 9 is not in the map/],
    ['--on such a node', 'mosctl block --on 9', 2, /node 9/],
    ['its values', 'mosctl get nodes/9/load', 2, /node 9 is not in the map/],
    ['a dead node', 'mosctl getload 2', 3, /node 2/],
    ['--on a dead node', 'mosctl block --on 2', 3, /node 2/],
    ['one dead of two', 'mosctl getdecay --on 1,2', 5, /node 2/],
    ['a yardstick that is dead', 'mosctl setyard 2', 3, /moskit\.invalid is down/],
    ['a PID that is nobody’s job', 'mosctl get 1/where', 4, /PID 1 belongs to no job/],
    ['writing to it', 'mosctl set 1/goto home', 4, /PID 1 belongs to no job/],
    ['a job that is not there', 'mosctl set 1-99/lock 1', 4, /there is no job 1-99/],
    ['a guest that is not there', 'mosctl get remote/1/from', 4, /1 is no guest/],
    ['a number out of range', 'mosctl set admin/gateways 3', 2, /a whole number from 0 to 2/],
    ['a number below its range', 'mosctl set admin/decayinterval 0', 2, /from 1 to 3600/],
    ['no number', 'mosctl setdecay 1x', 2, /whole number from 1 to 3600/],
    ['a huge number', 'mosctl set admin/maxguests 99999999999999999999', 2, /from 0 to 1000000/],
    ['a negative number', 'mosctl set admin/movecost -1', 2, /unknown option|whole number/],
    ['an empty value', 'mosctl set admin/block ', 2, /0 or 1/],
    ['no path', 'mosctl get', 2, /too few arguments/],
    ['a folder as a value', 'mosctl get admin', 2, /admin is a folder/],
    ['a path that is not there', 'mosctl get admin/../block', 2, /there is no admin/],
    ['self outside a job', 'mosctl get self/where', 4, /self is the job/],
    ['another node’s jobs', 'mosctl tree --on 1', 2, /of another node only/],
    ['--timeout of nothing', 'mosctl bring --timeout 0', 2, /more than 0/],
    ['--timeout for ever', 'mosctl expel --timeout 99999999', 2, /at most a day/],
    ['contradictory numbers', 'mosctl setdecay manual 1 2', 2, /is a preset/],
    ['half a rate', 'mosctl setdecay 60 900', 2, /together/],
    ['a switch with a number', 'mosctl block 1', 2, /too many arguments/],
    ['an unknown option', 'mosctl block --off', 2, /unknown option --off/],
    ['an unknown verb', 'mosctl blok', 2, /no command 'blok'/],
    ['the number of this node, taken away', 'mosctl set admin/mospe 0', 2, /from 1 to 65535/],
    ['a number that nobody has', 'mosctl set admin/mospe 70000', 2, /from 1 to 65535/],
  ])('%s: %s exits %i, and the settings stay', async (_, line, code, message) => {
    const before = settings();
    const run = await runTool(line.split(' '), { env });
    expect([run.code, complaint(run)]).toEqual([code, expect.stringMatching(message)]);
    expect(
      run.stderr.split('\n').filter((text) => text !== '' && !text.startsWith('hint: ')).length,
    ).toBeLessThan(line.includes('blok') ? 60 : 3);
    expect(settings()).toEqual(before);
  });

  test('a state folder that takes no writing: the setting stays, and the reason is told', async () => {
    const copy = join(folder, 'hpc.json.durable');
    const text = readFileSync(copy);
    rmSync(copy);
    mkdirSync(join(copy, 'in-the-way'), { recursive: true });
    const run = await runTool(['mosctl', 'block'], { env });
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(complaint(run)).toMatch(/^mosctl block: .*hpc\.json\.durable/);
    expect(await runTool(['mosctl', 'get', 'admin/block'], { env })).toMatchObject({ stdout: '0\n' });
    rmSync(copy, { recursive: true });
    writeFileSync(copy, text, { mode: 0o600 });
  });

  test.each([
    ['stdin closed', 'mosctl get admin/block <&-', 0],
    ['stdout closed', 'mosctl get admin/block >&-', 0],
    ['stderr closed', 'mosctl get admin/blok 2>&-', 2],
    ['a reader that has enough', 'mosctl tree | head -n 1', 0],
  ])('%s', async (_, line, code) => {
    const [tool = '', ...rest] = line.split(' ');
    const script = `"${process.execPath}" "${join(repository, 'bin', `${tool}.js`)}" ${rest.join(' ')}`;
    const child = spawn('bash', ['-o', 'pipefail', '-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.resume();
    const ended = await new Promise((resolve) => child.once('close', resolve));
    expect([ended, stderr]).toEqual([code, '']);
  });
});
