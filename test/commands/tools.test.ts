import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterMap, JobView, NodeReport } from '../../src/core/cluster-map.js';
import { emptyMap } from '../../src/core/map-empty.js';
import { RefusedError, UnreachableError, UsageError } from '../../src/errors.js';
import type { MoveOutcome } from '../../src/protocol/messages.js';
import { endOf, runTool, startTool, type ToolRun } from './run-tool.js';
import { startStandIn, type Answers, type StandIn } from './stand-in-mosd.js';

const report: NodeReport = {
  load: 101.6,
  ownload: 90,
  speed: 9876,
  cpus: 2,
  util: 37.4,
  mem: 3 * 1024 * 1024,
  rmem: 512 * 1024,
  tmem: 4 * 1024 * 1024,
  guests: 2,
  freeslots: null,
  block: false,
  stay: false,
  lstay: true,
  quiet: false,
  drivers: ['criu', 'restart'],
  version: '0.1.0',
};

const map: ClusterMap = {
  ...emptyMap(),
  config: {
    entries: [
      { node: 1, address: '10.1.1.100', count: 3 },
      { node: 7, address: 'beta', count: 1 },
      { node: 7, address: '10.9.9.9', count: 1, alias: true },
    ],
  },
  admin: { ...emptyMap().admin, mospe: 1 },
};

const job: JobView = {
  job: '1-17',
  pid: 4711,
  home: 1,
  where: 3,
  state: 'running',
  nmigs: 2,
  generation: 2,
  cantmove: [],
  driver: 'criu',
  lock: false,
  cpu: 0.5,
  rssKib: 2048,
  command: 'xz big',
  startedAtMs: 0,
};

const moved: MoveOutcome = {
  moved: true,
  job: '1-17',
  record: { from: 1, to: 3, why: 'asked', driver: 'criu', atMs: 0, frozenMs: 840, bytes: 35_756_442 },
};
const stuck: MoveOutcome = { moved: false, job: '1-18', where: 1, reason: 'it uses io_uring' };

/** Node 2 is down, node 9 is in no map. */
const answers: Answers = {
  map: () => map,
  report: ({ node }) => {
    if (node === 2)
      throw new UnreachableError('node 2 does not answer: no route to host', { hint: 'is it on?' });
    if (node === 9) throw new UsageError('node 9 is not in the map', { hint: 'showmap lists the nodes' });
    return report;
  },
  jobs: () => [job],
  status: () => ({ self: 1, atMs: 0, sspeed: 10_000, nodes: [], jobs: [job], guests: [] }),
  settings: () => ({ admin: map.admin, decay: map.decay }),
  setAdmin: ({ admin }) => ({ admin: { ...map.admin, ...admin } }),
};

let mosd: StandIn;
let folder: string;
beforeEach(async () => {
  mosd = await startStandIn(answers);
  folder = mkdtempSync(join(tmpdir(), 'moskit-none-'));
});
afterEach(async () => {
  await mosd.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (line: string): Promise<ToolRun> => runTool(line.split(' '), { env: mosd.env });
const asked = (method: string): unknown[] =>
  mosd.asked.filter((request) => request.method === method).map(({ params }) => params);

/** A mosd with other answers in the place of the usual ones. */
async function withAnswers(other: Answers): Promise<void> {
  await mosd.close();
  mosd = await startStandIn({ ...answers, ...other });
}

describe('questions about nodes', () => {
  test.each([
    ['mosctl isup', 'yes\n'],
    ['mosctl isup 3', 'yes\n'],
    ['mosctl getload 3', '102\n'],
    ['mosctl getload beta', '102\n'],
    ['mosctl getload 10.9.9.9', '102\n'],
    ['mosctl getload 1,3', '1: 102\n3: 102\n'],
    ['mosctl getload 3 beta', '3: 102\n7: 102\n'],
    ['mosctl getload 7 beta 7', '7: 102\n'],
    ['mosctl getspeed', '9876\n'],
    ['mosctl getmem 1', 'logical free 3072.0 of 4096.0 MiB\n'],
    ['mosctl getfree 1', 'physical free 512.0 of 4096.0 MiB\n'],
    ['mosctl getutil 1', '37%\n'],
    ['mosctl whois', 'This is openMosix #1 of 4 configured\n'],
    ['mosctl whois 2', 'openMosix #2 is at address 10.1.1.101\n'],
    ['mosctl whois 7', 'openMosix #7 is at address beta (and 10.9.9.9)\n'],
    ['mosctl whois beta', 'beta is openMosix #7\n'],
    ['mosctl whois 10.1.1.102', '10.1.1.102 is openMosix #3\n'],
    [
      'mosctl getdecay',
      'interval 1 s, slow 975, fast 926 per mille (default)\n' +
        'Every 1 s a slow-decay job keeps 97.5% of what it was counted for and a fast-decay job 92.6%, so half of it is ' +
        'forgotten after 27 s and after 9 s; the last 1 s count in full.\n',
    ],
    ['mosctl getyard', '10000\n'],
    ['mosctl get admin/block', '0\n'],
    ['mosctl get /proc/hpc/admin/overhead', '2000 9766 200 102\n'],
    ['mosctl get 1-17/where', '3\n'],
    ['mosctl get /proc/4711/nmigs', '2\n'],
  ])('%s prints %j', async (line, stdout) => {
    expect(await run(line)).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });

  test.each([
    ['mosctl isup 2', 1, 'no\n', 'mosctl isup: node 2 does not answer: no route to host\nhint: is it on?\n'],
    [
      'mosctl isup 1-3',
      1,
      '1: yes\n2: no\n3: yes\n',
      'mosctl isup: node 2 does not answer: no route to host\nhint: is it on?\n',
    ],
    [
      'mosctl getload 2',
      3,
      '',
      'mosctl getload: node 2 does not answer: no route to host\nhint: is it on?\n',
    ],
    [
      'mosctl getload 1-2',
      5,
      '1: 102\n',
      'mosctl getload: node 2 does not answer: no route to host\nhint: is it on?\n',
    ],
    [
      'mosctl getload 2,2',
      3,
      '',
      'mosctl getload: node 2 does not answer: no route to host\nhint: is it on?\n',
    ],
    ['mosctl getload 9', 2, '', 'mosctl getload: node 9 is not in the map\nhint: showmap lists the nodes\n'],
    ['mosctl getload 1,9', 2, '', 'mosctl getload: node 9 is not in the map\n'],
    [
      'mosctl getload gamma',
      2,
      '',
      'mosctl getload: gamma is not in the map\nhint: showmap prints the map\n',
    ],
    ['mosctl getload 5-3', 2, '', "mosctl getload: '5-3' runs backwards\n"],
    ['mosctl whois 99', 1, '', 'mosctl whois: 99 is not part of the cluster\n'],
    ['mosctl whois 10.1.1.1', 1, '', 'mosctl whois: 10.1.1.1 is not part of the cluster\n'],
  ])('%s exits %i and says why', async (line, code, stdout, stderr) => {
    expect(await run(line)).toEqual({ code, signal: null, stdout, stderr });
  });

  test.each<[string, unknown]>([
    ['mosctl isup 3 --json', { node: 3, up: true }],
    ['mosctl isup 2 --json', { node: 2, up: false, error: 'node 2 does not answer: no route to host' }],
    ['mosctl getmem 3 --json', { node: 3, up: true, mem: 3 * 1024 * 1024, tmem: 4 * 1024 * 1024 }],
    [
      'mosctl getload 1-2 --json',
      [
        { node: 1, up: true, load: 101.6 },
        { node: 2, up: false, error: 'node 2 does not answer: no route to host' },
      ],
    ],
    ['mosctl getstatus --json', { node: 1, up: true, ...report }],
    ['mosctl whois beta --json', { node: 7, address: 'beta', aliases: ['10.9.9.9'] }],
    ['mosctl getdecay --json', { decayinterval: 1, slowdecay: 975, fastdecay: 926 }],
  ])('%s prints one JSON value', async (line, value) => {
    const { stdout } = await run(line);
    expect(JSON.parse(stdout)).toEqual(value);
  });

  test('status says what may come in and go out, and whether the node informs the others', async () => {
    const { stdout } = await run('mosctl status');
    expect(stdout).toContain('incoming migrations: allowed');
    expect(stdout).toContain('outgoing migrations: guests only (lstay)');
    expect(stdout).toContain('informs other nodes: yes');
  });
});

describe('settings of this node', () => {
  test.each([
    ['mosctl block', { block: 1 }],
    ['mosctl noblock', { block: 0 }],
    ['mosctl -block', { block: 0 }],
    ['mosctl stay', { stay: 1 }],
    ['mosctl nostay', { stay: 0 }],
    ['mosctl lstay', { lstay: 1 }],
    ['mosctl -lstay', { lstay: 0 }],
    ['mosctl quiet', { quiet: 1 }],
    ['mosctl noquiet', { quiet: 0 }],
    ['mosctl setspeed 12500', { speed: 12500, speedset: 1 }],
    ['mosctl setspeed auto', { speed: null, speedset: 0 }],
    ['mosctl setdecay 60', { decayinterval: 60 }],
    ['mosctl setdecay 60 900 205', { decayinterval: 60, slowdecay: 900, fastdecay: 205 }],
    ['mosctl setdecay manual', { decayinterval: 60, slowdecay: 900, fastdecay: 205 }],
    ['mosctl nomfs', { nomfs: 1 }],
    ['mosctl mfs', { nomfs: 0 }],
    ['mosctl setyard standard', { sspeed: 10_000 }],
    ['mosctl setyard PIII/1GHz', { sspeed: 3846 }],
    ['mosctl setyard this', { sspeed: 9876 }],
    ['mosctl setyard 3', { sspeed: 9876 }],
    ['mosctl set admin/block 1', { block: 1 }],
    ['mosctl set /proc/hpc/admin/speed auto', { speed: null, speedset: 0 }],
    ['mosctl set admin/maxguests none', { maxguests: null }],
  ])('%s sets %j and is silent', async (line, admin) => {
    expect(await run(line)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(asked('setAdmin')).toEqual([{ admin }]);
  });

  test.each([
    ['mosctl setspeed 0', "the speed is a whole number from 1 to 10000000, not '0'"],
    ['mosctl setspeed fast', "the speed is a whole number from 1 to 10000000, not 'fast'"],
    ['mosctl setspeed', 'too few arguments: SPEED|auto is needed'],
    ['mosctl setdecay 60 900', 'setdecay needs SLOW and FAST together'],
    ['mosctl setdecay 60 900 1001', "FAST is a whole number from 0 to 1000, not '1001'"],
    ['mosctl block 3', "too many arguments: '3'"],
    ['mosctl setdecay manual 900 205', 'manual is a preset: no numbers follow it'],
    ['mosctl setyard nothing', "'nothing' is no processor and no node"],
    ['mosctl set admin/block 2', "admin/block takes 0 or 1, not '2'"],
    ['mosctl set admin/version 2', 'admin/version can only be read'],
    ['mosctl set admin 2', 'admin is a folder'],
    ['mosctl get admin/blok', 'there is no admin/blok: admin has block, bring,'],
    ['mosctl get admin/mfskill', 'admin/mfskill does not exist here: '],
  ])('%s is a mistake', async (line, message) => {
    const { code, stderr } = await run(line);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(asked('setAdmin')).toEqual([]);
  });
});

describe('migrate', () => {
  test('says what happened', async () => {
    await withAnswers({ migrate: () => moved });
    expect(await run('migrate 4711 3')).toEqual({
      code: 0,
      signal: null,
      stdout: '1-17: 1 -> 3, stood still 0.84 s, 34.1 MiB moved (criu)\n',
      stderr: '',
    });
    expect(asked('migrate')).toEqual([{ target: 4711, to: 3 }]);
  });

  test.each<[string, unknown]>([
    ['migrate 1-17 home', { target: '1-17', to: 'home' }],
    ['migrate 1-17 balance', { target: '1-17', to: 'balance' }],
    ['migrate 1-17 beta', { target: '1-17', to: 7 }],
  ])('%s asks for %j', async (line, params) => {
    await withAnswers({ migrate: () => moved });
    await run(line);
    expect(asked('migrate')).toEqual([params]);
  });

  test('refused: exit code 4, the reason on stderr, with --json the whole answer on stdout', async () => {
    await withAnswers({ migrate: () => stuck });
    expect(await run('migrate 1-18 2')).toEqual({
      code: 4,
      signal: null,
      stdout: '',
      stderr: 'migrate: 1-18 stays on node 1: it uses io_uring\n',
    });
    const { code, stdout } = await run('migrate 1-18 2 --json');
    expect([code, JSON.parse(stdout)]).toEqual([4, stuck]);
  });

  test.each<[string, () => never, number, string]>([
    [
      'no such job',
      () => {
        throw new RefusedError('PID 1 belongs to no job here', { hint: 'mps lists the jobs of this node' });
      },
      4,
      'migrate: PID 1 belongs to no job here\nhint: mps lists the jobs of this node\n',
    ],
    [
      'node down',
      () => {
        throw new UnreachableError('node 3 does not answer');
      },
      3,
      'migrate: node 3 does not answer\n',
    ],
  ])('%s', async (_, migrate, code, stderr) => {
    await withAnswers({ migrate });
    expect(await run('migrate 1 3')).toEqual({ code, signal: null, stdout: '', stderr });
  });

  test.each([
    'migrate',
    'migrate 1-17',
    'migrate x home',
    'migrate 0 home',
    'migrate 1-17 nowhere',
    'migrate 1 2 3',
  ])('%s is a mistake', async (line) => {
    expect(await run(line)).toMatchObject({ code: 2, stdout: '' });
    expect(asked('migrate')).toEqual([]);
  });
});

describe('mosrun --recover', () => {
  const moved: MoveOutcome = {
    moved: true,
    job: '1-17',
    record: { from: 2, to: 3, why: 'its node was lost', driver: 'criu', atMs: 0, frozenMs: 1, bytes: 2 },
  };

  test.each([
    ['--recover 1-17', { to: null, image: null, isForced: false }],
    ['--recover 1-17 3', { to: 3, image: null, isForced: false }],
    ['--recover 1-17 --force --image 4', { to: null, image: 4, isForced: true }],
  ])('%s asks for that, and says where the job goes on', async (options, wanted) => {
    await withAnswers({ recover: () => moved });
    expect(await run(`mosrun ${options}`)).toMatchObject({ code: 0, stdout: 'job 1-17 goes on on node 3\n' });
    expect(asked('recover')).toEqual([{ job: '1-17', ...wanted }]);
  });

  test('a job that could not be started is a failure of mosrun, with the reason', async () => {
    await withAnswers({
      recover: () => ({ moved: false, job: '1-17', where: 2, reason: 'no node is up' }) as const,
    });
    expect(await run('mosrun --recover 1-17')).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('job 1-17 could not be started: no node is up') as string,
    });
  });

  test.each([
    ['--recover 17', 'is no job'],
    ['--recover 1-17 3 4', 'one node at most'],
    ['--recover 1-17 three', 'is no node number'],
    ['--recover 1-17 --image 0', 'is no number of an image'],
    ['--give-up 17', 'is no job'],
  ])('%s is refused before anybody is asked', async (options, reason) => {
    const { code, stderr } = await run(`mosrun ${options}`);
    expect([code, stderr]).toEqual([125, expect.stringContaining(reason)]);
  });

  test('--give-up asks for that', async () => {
    await withAnswers({ giveUp: () => ({}) });
    expect((await run('mosrun --give-up 1-17')).code).toBe(0);
    expect(asked('giveUp')).toEqual([{ job: '1-17' }]);
  });
});

describe('mosctl jobs', () => {
  const stranded: JobView = {
    ...job,
    job: '1-18',
    state: 'stranded',
    stranded: { reason: 'node 2 is\u001b[31m off', sinceMs: 0 },
    protection: {
      onNodeLoss: 'recover',
      checkpointMs: 600_000,
      image: { atMs: Date.now(), bytes: 3_000_000, keeper: 3 },
    },
  };

  test('shows rule, interval, last image and keeper, and why a job waits', async () => {
    await withAnswers({ jobs: () => [job, stranded] });
    const [, plain, lost] = (await run('mosctl jobs')).stdout.split('\n');
    expect(plain).toMatch(/^1-17 .* hold +- +- +- +- /);
    expect(lost).toMatch(/^1-18 .* stranded +recover +10m +\d+s ago +2\.9M +3 .*\(node 2 is.*off\)$/);
    expect(lost).not.toContain('\u001b');
  });

  test('--lost shows only what has lost its node, --json as mosd has it; nothing is no line', async () => {
    await withAnswers({ jobs: () => [job, stranded] });
    expect(JSON.parse((await run('mosctl jobs --lost --json')).stdout)).toEqual([stranded]);
    expect(asked('jobs')).toEqual([{ all: true }]);
    await withAnswers({ jobs: () => [] });
    expect(await run('mosctl jobs')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('mps', () => {
  const guest = { job: '2-5', from: 2, pid: 99, cpu: 0.5, rssKib: 1024, command: 'povray' };
  const withGuest = {
    status: () => ({ self: 1, atMs: 0, sspeed: 10_000, nodes: [], jobs: [job], guests: [guest] }),
  };

  test('lists own jobs and guests, uncut where stdout is no terminal', async () => {
    await withAnswers({ ...withGuest, jobs: () => [{ ...job, command: 'x'.repeat(300) }] });
    const { stdout } = await run('mps');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^4711 1-17 .* x{300}$/);
    expect(lines[2]).toMatch(/^ +99 2-5 +2 +1 guest /);
  });

  test('as JSON both lists are as mosd has them', async () => {
    await withAnswers(withGuest);
    const { stdout } = await run('mps --json');
    expect(JSON.parse(stdout)).toEqual({ jobs: [job], guests: [guest] });
  });

  test('-a asks for jobs that have ended, too', async () => {
    await run('mps -a');
    expect(asked('jobs')).toEqual([{ all: true }]);
  });

  test('--why explains each driver', async () => {
    const answer = {
      job: '1-17',
      driver: 'restart',
      drivers: [
        { driver: 'criu', reasons: ['it uses io_uring', 'no privileges'] },
        { driver: 'restart', reasons: [] },
      ],
      balance: 'node 3 is no better',
    };
    await withAnswers({ why: () => answer });
    expect((await run('mps --why 1-17')).stdout).toBe(
      '1-17 can move, by restart\n  criu: it uses io_uring; no privileges\n  restart: can\n  balance: node 3 is no better\n',
    );
    expect(JSON.parse((await run('mps --why 1-17 --json')).stdout)).toEqual(answer);
  });

  test('a reader that has enough ends it quietly', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({ ...job, job: `1-${index + 1}` }));
    await withAnswers({ jobs: () => many });
    const child = startTool(['mps'], mosd.env);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const { code, stderr } = await endOf(child);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('all of a long list reaches a slow reader', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({ ...job, job: `1-${index + 1}` }));
    await withAnswers({ jobs: () => many });
    const { stdout } = await run('mps');
    expect(stdout.split('\n')).toHaveLength(20_002);
  });
});

describe('bring and expel', () => {
  test('say each move, and that it is done', async () => {
    await withAnswers({ bring: () => ({ outcomes: [moved] }), expel: () => ({ outcomes: [] }) });
    expect(await run('mosctl bring')).toEqual({
      code: 0,
      signal: null,
      stdout: '1-17: 1 -> 3, stood still 0.84 s, 34.1 MiB moved (criu)\n',
      stderr: 'mosctl bring: all jobs born here are home\n',
    });
    expect(await run('mosctl expel')).toMatchObject({
      code: 0,
      stderr: 'mosctl expel: no guests are here\n',
    });
  });

  test('a job that stays: exit code 4 and its reason', async () => {
    await withAnswers({ expel: () => ({ outcomes: [moved, stuck] }) });
    const { code, stderr } = await run('mosctl expel');
    expect(code).toBe(4);
    expect(stderr).toBe(
      'mosctl expel: 1-18 stays on node 1: it uses io_uring\nmosctl expel: 1 job did not go home\n',
    );
  });

  test('--timeout is passed on; progress is told meanwhile', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await withAnswers({ bring: () => finished.then(() => ({ outcomes: [] })) });
    const child = startTool(['mosctl', 'bring', '--timeout', '90'], mosd.env);
    child.stderr?.on('data', (text: Buffer) => {
      if (text.toString().includes('1 job still away')) finish();
    });
    expect(await endOf(child)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('still away') as unknown,
    });
    expect(asked('bring')).toEqual([{ timeoutMs: 90_000 }]);
  });
});

describe('rebalance', () => {
  const plan = [
    { job: '1-17', from: 1, to: 3, why: 'balance the load' },
    { job: '1-18', from: 1, to: null, why: 'it moved 2 s ago' },
  ];

  test('prints every decision with its reason, and what became of the moves', async () => {
    await withAnswers({ rebalance: () => ({ plan, outcomes: [moved] }) });
    const { code, stdout } = await run('mosctl rebalance');
    expect(code).toBe(0);
    expect(stdout).toBe(
      '1-17 goes from node 1 to 3: balance the load\n' +
        '1-18 stays on node 1: it moved 2 s ago\n' +
        '1-17: 1 -> 3, stood still 0.84 s, 34.1 MiB moved (criu)\n',
    );
    expect(asked('rebalance')).toEqual([{ dryRun: false }]);
  });

  test('--dry-run only says what it would do', async () => {
    await withAnswers({ rebalance: () => ({ plan, outcomes: [] }) });
    expect((await run('mosctl rebalance --dry-run')).stdout).toContain('1-17 would go from node 1 to 3');
    expect(asked('rebalance')).toEqual([{ dryRun: true }]);
  });

  test('with nothing to do it is silent on stderr, so that cron sends no mail', async () => {
    await withAnswers({ rebalance: () => ({ plan: [], outcomes: [] }) });
    expect(await run('mosctl rebalance')).toEqual({
      code: 0,
      signal: null,
      stdout: 'no jobs to balance\n',
      stderr: '',
    });
  });

  test('a second pass ends at once and says so; the lock is free again afterwards', async () => {
    let finish: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await withAnswers({
      rebalance: () => {
        begun();
        return finished.then(() => ({ plan: [], outcomes: [] }));
      },
    });
    const first = startTool(['mosctl', 'rebalance'], mosd.env);
    await hasBegun;
    const second = await run('mosctl rebalance');
    expect(second).toMatchObject({
      code: 4,
      stdout: '',
      stderr: `mosctl rebalance: another rebalance runs already (PID ${first.pid ?? 0})\n`,
    });
    finish();
    expect(await endOf(first)).toMatchObject({ code: 0 });
    expect(readdirSync(mosd.folder)).not.toContain('rebalance.lock');
    expect(await run('mosctl rebalance')).toMatchObject({ code: 0 });
  });
});

describe('without a cluster', () => {
  test.each([
    'mosctl isup 1',
    'mosctl block',
    'mosctl rebalance',
    'mps',
    'migrate 1 home',
    'showmap',
    'setpe -r',
  ])('%s says that this is not openMosix, and starts nothing', async (line) => {
    const { code, stdout, stderr } = await runTool(line.split(' '), {
      env: { ...process.env, MOSKIT_DIR: folder },
    });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^[a-z ]+: This is not openMosix! .*\nhint: .*setpe -w -f FILE\n$/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('nor where mosd runs but has no number', async () => {
    await withAnswers({ ping: () => ({ version: 'x', pid: 1, node: 0 }) });
    expect(await run('mosctl isup 1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not openMosix') as unknown,
    });
  });

  test('a node that only takes in jobs of others can still be looked at and closed', async () => {
    await withAnswers({ ping: () => ({ version: 'x', pid: 1, node: 0 }), jobs: () => [] });
    expect(await run('mps')).toMatchObject({ code: 0 });
    expect(await run('mosctl block')).toMatchObject({ code: 0 });
  });
});

describe('when mosd is in trouble', () => {
  test('one that does not start: its last words and where its log is', async () => {
    writeFileSync(join(folder, 'hpc.json'), '{}');
    const program = join(folder, 'broken.mjs');
    writeFileSync(program, "console.error('cannot listen'); process.exit(1);");
    const env = { ...process.env, MOSKIT_DIR: folder, MOSKIT_PROGRAM: program };
    const { code, stderr } = await runTool(['mosctl', 'getload'], { env });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'mosctl getload: mosd did not start: ended with exit code 1; its last words:\ncannot listen\n' +
        `hint: its log is ${join(folder, 'mosd.log')}\n`,
    );
  });

  test('one that ends while it is asked says nothing about the node', async () => {
    await withAnswers({ report: () => mosd.close().then(() => report) });
    const { code, stdout, stderr } = await run('mosctl isup 3');
    expect([code, stdout, stderr]).toEqual([3, '', 'mosctl isup: mosd has ended before it answered\n']);
  });

  test('one that ends while it is asked: exit code 3', async () => {
    await withAnswers({ migrate: () => mosd.close().then(() => moved) });
    const { code, stderr } = await run('migrate 1-17 3');
    expect([code, stderr]).toEqual([3, 'migrate: the link to mosd is closed\n']);
  });
});

describe('the command line', () => {
  test.each([
    ['mosctl', 'mosctl: no command given\nusage: mosctl COMMAND'],
    ['mosctl frobnicate', "mosctl: no command 'frobnicate'\nusage: mosctl COMMAND"],
    ['mosctl toString', "mosctl: no command 'toString'"],
    ['mosctl isup --frob', 'mosctl isup: unknown option --frob\nusage: mosctl isup [--json] [NODE …]\n'],
    ['mps extra', "mps: 'extra' is neither a PID nor a job\nhint: mps lists both\n"],
    ['mps -N x', 'mps: -N x: '],
    ['mps -o pid,sum', "mps: -o: there is no column 'sum'\nhint: the columns are pid, job"],
    ['mps --sort sum', "mps: --sort: there is no column 'sum'"],
    ['mtop --only some', "mtop: --only is one of all, home, away, guests, not 'some'"],
    ['mtop --sort sum', "mtop: --sort: there is no column 'sum'"],
    ['mtop 17', "mtop: too many arguments: '17'"],
    ['mps --why nonsense', "mps: 'nonsense' is no job\nhint: mps lists them\n"],
    ['moskit frobnicate', "moskit: no command 'frobnicate'"],
  ])('%s: exit code 2 and how it is written', async (line, stderr) => {
    const run2 = await run(line);
    expect([run2.code, run2.stdout]).toEqual([2, '']);
    expect(run2.stderr).toContain(stderr);
  });

  test.each([
    'moskit --help',
    'moskit',
    'mosctl --help',
    'mosctl isup --help',
    'mps -h',
    'migrate --help',
    'setpe -h',
  ])('%s prints help on stdout', async (line) => {
    expect(await run(line)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('usage: ') as unknown,
      stderr: '',
    });
  });

  test('moskit COMMAND is the same as COMMAND', async () => {
    expect(await run('moskit mosctl getload 3')).toMatchObject({ code: 0, stdout: '102\n' });
    expect(await run('moskit mosctl getload 2')).toMatchObject({ code: 3 });
  });

  test.each(['moskit --version', 'mps --version', 'mosctl isup --version'])('%s', async (line) => {
    expect((await run(line)).stdout).toMatch(/^moskit \d+\.\d+\.\d+\n$/);
  });

  test('nothing that another machine says steers the terminal', async () => {
    await withAnswers({ migrate: () => ({ ...stuck, reason: 'no\u001b]0;title\u0007\u009b2J' }) });
    const { stderr } = await run('migrate 1-18 2');
    expect(stderr).toBe('migrate: 1-18 stays on node 1: no?]0;title??2J\n');
  });

  test('a stack is printed only with --debug', async () => {
    expect((await run('mosctl whois 99')).stderr).not.toContain('    at ');
    expect((await run('mosctl whois 99 --debug')).stderr).toContain('    at ');
  });
});
