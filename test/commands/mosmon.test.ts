import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { settingsOf } from '../../src/commands/mosmon.js';
import type { ClusterSnapshot } from '../../src/core/cluster-map.js';
import type { MoveOutcome } from '../../src/protocol/messages.js';
import { aJob, aMove, aNode, aSnapshot, sixNodes } from '../ui/cluster-fixture.js';
import { noPty, openPty, type Pty } from '../ui/pty.js';
import { startFeed, type Feed } from './mosmon-feed.js';
import { repository, runTool } from './run-tool.js';

const snapshot = aSnapshot(sixNodes(), [aJob(1), aJob(2, { where: 3 })]);
const moved: MoveOutcome = { moved: true, job: '1-1', record: aMove(1, 3, 0) };

describe('options', () => {
  test.each([
    [{}, [], {}],
    [{ m: true }, [], { view: 'memory' }],
    [
      { L: true, V: true, d: true, t: true, j: true },
      ['+12'],
      {
        view: 'logLoad',
        numbering: 'tight',
        showDead: true,
        showTotals: true,
        showJobs: true,
        firstNode: 12,
      },
    ],
    [{ m: false, s: true }, [], { view: 'speed' }],
  ])('%j %j do what the keys do', (options, operands, settings) => {
    expect(settingsOf({ options: options as never, operands })).toEqual(settings);
  });
  test.each(['12', '+0', '+65536', '+x', '-1'])("'%s' is no node to begin with", (operand) => {
    expect(() => settingsOf({ options: {} as never, operands: [operand] })).toThrow(
      /is no node to begin with/,
    );
  });
});

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mosmon-'));
  // No mosd can be started in these tests: who needs one has to find the feed.
  env = {
    ...process.env,
    MOSKIT_DIR: folder,
    MOSKIT_PROGRAM: join(folder, 'none.mjs'),
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('in a pipe', () => {
  let feed: Feed;
  beforeEach(async () => (feed = await startFeed(env, snapshot, moved)));
  afterEach(() => feed.close());

  test('one snapshot as text, without escapes, with or without --once', async () => {
    for (const args of [[], ['--once']]) {
      const run = await runTool(['mosmon', ...args], { env });
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout).toMatch(/^NODE +NAME +STATE/);
      expect(run.stdout).toMatch(/^ +4 +pc-4 +DEAD /m);
      expect(run.stdout).toMatch(/^1-2 +4002 +3 +running /m);
      expect(run.stdout).not.toContain('\u001b');
    }
  });
  test('--json is one JSON object: the snapshot', async () => {
    const { stdout, code } = await runTool(['mosmon', '--json'], { env });
    expect(JSON.parse(stdout)).toEqual(snapshot);
    expect(code).toBe(0);
  });
});

test.each([
  [['5'], 2, /'5' is no node to begin with/],
  [['-x'], 2, /unknown option -x/],
  [['--map'], 2, /needs/],
  [['--map', '/nowhere/map', '--once'], 2, /no file \/nowhere\/map/],
  [['--once'], 1, /This is not openMosix/],
])('mosmon %j ends with %i and says why', async (args, code, message) => {
  const run = await runTool(['mosmon', ...args], { env });
  expect(run.code).toBe(code);
  expect(run.stderr).toMatch(message);
  expect(run.stdout).toBe('');
});

test('--help names every option letter', async () => {
  const { stdout } = await runTool(['mosmon', '--help'], { env });
  for (const letter of 'lLmrsudtwvVaj') expect(stdout).toMatch(new RegExp(`^  -${letter} `, 'm'));
});

describe.skipIf(noPty !== null)(`on a terminal${noPty === null ? '' : ` (skipped: ${noPty})`}`, () => {
  const open: Pty[] = [];
  let feed: Feed;
  beforeEach(async () => (feed = await startFeed(env, snapshot, moved)));
  afterEach(async () => {
    for (const pty of open.splice(0)) await pty.close();
    await feed.close();
  });
  const start = (args: string, more: NodeJS.ProcessEnv = {}): Pty => {
    const command = `${process.execPath} ${join(repository, 'bin/mosmon.js')} ${args}; echo "ended $?"; sleep 60`;
    const pty = openPty(command, { columns: 100, rows: 32 }, { ...env, ...more });
    open.push(pty);
    return pty;
  };

  test('what mosd pushes is drawn, and a job is sent through mosd', async () => {
    const pty = start('-t -j');
    await pty.shows('nodes 5/6');
    feed.push(aSnapshot([...sixNodes(), aNode(7)], [aJob(1), aJob(2)]));
    await pty.shows('nodes 6/7');
    pty.type('g3\r');
    await pty.shows(/1-1: 1 -> 3, stood still 0\.80 s/);
    expect(feed.asked).toEqual([{ target: '1-1', to: 3 }]);
    pty.type('q');
    await pty.shows('ended 0');
  });

  test('when mosd goes away the screen stays, says so, and goes on with the next one', async () => {
    const pty = start('');
    await pty.shows('pc-6');
    await feed.close();
    await pty.shows(/mosd (has ended|can't be started)/);
    await pty.shows('pc-6');
    feed = await startFeed(env, aSnapshot([aNode(1, { name: 'again' })]), moved);
    await pty.shows('again');
    pty.type('q');
    await pty.shows('ended 0');
  });

  test('a terminal that can place no cursor gets the text', async () => {
    const pty = start('', { TERM: 'dumb' });
    await pty.shows('ended 0');
    expect(pty.output()).toContain('NODE  NAME');
    expect(pty.output()).not.toContain('\u001b');
  });
});

describe('--map: without a mosd, over SSH', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => (cluster = await startEmbeddedCluster({ nodes: 3 })));
  afterAll(() => cluster.stop());

  const withMap = (lines: string): NodeJS.ProcessEnv => {
    writeFileSync(join(folder, 'map'), lines);
    return { ...env, MOSKIT_SSH_CONFIG: cluster.sshConfig };
  };

  test('every node answers for itself; one that does not is dead, with its reason', async () => {
    await cluster.node(3).server.cut();
    try {
      const run = await runTool(['mosmon', '--map', join(folder, 'map'), '--json'], {
        env: withMap('1 n1 1\n2 n2 1\n3 n3 1\n'),
      });
      const seen = JSON.parse(run.stdout) as ClusterSnapshot;
      expect(seen.nodes.map(({ name, state }) => [name, state])).toEqual([
        ['n1', 'monitor-only'],
        ['n2', 'monitor-only'],
        ['n3', 'down'],
      ]);
      expect(seen.nodes[0]?.report?.tmem).toBeGreaterThan(100_000);
      expect(seen.nodes[2]?.problem).toContain('n3');
    } finally {
      await cluster.node(3).server.heal();
    }
  });

  test('a wrong map is refused with its line', async () => {
    const run = await runTool(['mosmon', '--map', join(folder, 'map'), '--once'], {
      env: withMap('1 n1 1\n1 n2 1\n'),
    });
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/line 2/);
  });

  test.skipIf(noPty !== null)('the screen ends quickly and leaves nothing behind', async () => {
    const command = `${process.execPath} ${join(repository, 'bin/mosmon.js')} --map ${join(folder, 'map')}; echo "ended $?"; sleep 60`;
    const pty = openPty(command, { columns: 80, rows: 24 }, withMap('1 n1 1\n2 n2 1\n'));
    try {
      await pty.shows(/n1 +n2/);
      await pty.shows(/\d\.\d\d +\d\.\d\d|jobs|load/);
      pty.type('q');
      await pty.shows('ended 0');
    } finally {
      await pty.close();
    }
  });
});
