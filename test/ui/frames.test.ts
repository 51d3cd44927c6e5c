import { afterEach, describe, expect, test } from 'vitest';
import type { ClusterSnapshot } from '../../src/core/cluster-map.js';
import { aJob, aMove, aNode, aSnapshot, sixNodes } from './cluster-fixture.js';
import { livelySnapshot } from './lively-cluster.js';
import { openMonitor, type HarnessOptions } from './monitor-harness.js';

process.env['TZ'] = 'UTC';

const jobs = [
  aJob(1, { where: 2, nmigs: 2, lastMove: aMove(1, 2, 940_000), command: 'xz -9 -T1 backup.tar' }),
  aJob(2, {
    where: 3,
    nmigs: 1,
    state: 'moving',
    moving: { to: 6, step: 'memory pages' },
    lastMove: aMove(1, 3, 950_000, 'to a faster node'),
  }),
  aJob(3, { cantmove: ['it holds a device open'], driver: null, rssKib: 1_300_000 }),
  aJob(4, { where: 3, cpu: 0.35, lock: true, command: 'sh -c "a\u001b[2Jb 日本語"' }),
];
const six = aSnapshot(sixNodes(), jobs, [
  { job: '2-9', from: 2, pid: 77, cpu: 0.5, rssKib: 9000, command: 'a guest' },
]);

const open: ReturnType<typeof openMonitor>[] = [];
afterEach(async () => {
  for (const monitor of open.splice(0)) await monitor.quit();
});

interface Wanted {
  readonly keys?: string;
  /** On the screen once the keys have done their work. */
  readonly shows?: string | RegExp;
}

/** Every row that a frame has is compared, with a file that a person can look at. */
async function expectFrame(
  name: string,
  options: HarnessOptions,
  snapshot: ClusterSnapshot,
  { keys = '', shows = /mosmon|load/ }: Wanted = {},
): Promise<string> {
  const monitor = openMonitor(options);
  open.push(monitor);
  monitor.feed.put(snapshot);
  await monitor.frameWith((frame) => frame.includes('load') && !frame.includes('asking the nodes'));
  monitor.press(keys);
  const frame = await monitor.frameWith(shows);
  await expect(`${frame}\n`).toMatchFileSnapshot(`frames/${name}.txt`);
  return frame;
}

describe('whole frames', () => {
  const sizes = [
    [40, 10],
    [80, 24],
    [120, 40],
  ] as const;
  for (const [columns, rows] of sizes) {
    test(`the load of six nodes at ${columns}x${rows}`, async () => {
      const frame = await expectFrame(`load-${columns}x${rows}`, { columns, rows }, six);
      expect(frame.split('\n').length).toBeLessThan(rows);
    });
    test(`jobs, moves and totals at ${columns}x${rows}`, async () => {
      const settings = { showJobs: true, showTotals: true };
      await expectFrame(`jobs-${columns}x${rows}`, { columns, rows, settings }, six);
    });
    test(`the help at ${columns}x${rows}`, async () => {
      await expectFrame(`help-${columns}x${rows}`, { columns, rows }, six, {
        keys: 'h',
        shows: 'logarithmic',
      });
    });
  }
  const viewKeys = [
    ['L', 'log', 'logarithmic'],
    ['m', 'memory', 'memory used'],
    ['r', 'raw', 'memory in use'],
    ['s', 'speed', 'speed of'],
    ['u', 'util', 'processor use'],
  ] as const;
  for (const [key, name, shows] of viewKeys) {
    test(`the ${name} view with its key ${key}`, async () => {
      await expectFrame(`${name}-80x24`, { columns: 80, rows: 24 }, six, { keys: key, shows });
    });
  }
  test('bars and jobs stand beside each other where it is wide but low', async () => {
    await expectFrame('beside-112x24', { columns: 112, rows: 24, settings: { showJobs: true } }, six);
  });
  test('a long list of jobs says which part of it is shown, and follows the selected one', async () => {
    const cluster = livelySnapshot(6, 40, 20, 0);
    const size = { columns: 80, rows: 24, settings: { showJobs: true } };
    await expectFrame('many-jobs-80x24', size, cluster, { keys: '\u001b[F', shows: '▸ 1-40' });
  });
  test('dead nodes say DEAD', async () => {
    const frame = await expectFrame(
      'dead-80x24',
      { columns: 80, rows: 24, settings: { showDead: true } },
      six,
    );
    expect(frame).toMatch(/ D .*\n.* E\b.*\n.* A .*\n.* D /);
  });
  const numberings = [
    ['w', 'wide', 'nodes 1 to 28 of 200'],
    ['v', 'vertical', 'nodes 1 to 56 of 200'],
    ['V', 'tight', 'nodes 1 to 113 of 200'],
    ['a', 'automatic', 'nodes 1 to 28 of 200'],
  ] as const;
  for (const [key, name, shows] of numberings) {
    test(`200 nodes with numbers ${name}`, async () => {
      const cluster = livelySnapshot(200, 20, 20, 0);
      await expectFrame(
        `many-${name}-120x40`,
        { columns: 120, rows: 40, settings: { showDead: true } },
        cluster,
        { keys: key, shows },
      );
    });
  }
  test('ASCII alone where the locale is not UTF-8', async () => {
    const settings = { showJobs: true, showTotals: true };
    const frame = await expectFrame(
      'ascii-120x40',
      { columns: 120, rows: 40, env: { LANG: 'C' }, settings },
      six,
    );
    expect(frame).toMatch(/^[\n\x20-\x7e]*$/);
  });
  test('blocked, quiet, silent and unknown nodes are marked', async () => {
    const nodes = [
      aNode(1, {}, { block: true }),
      aNode(2, {}, { quiet: true }),
      aNode(3, { ageMs: 9_400 }),
      aNode(4, { state: 'connecting', ageMs: null, report: null }),
      aNode(5, {}, { stay: true }),
    ];
    await expectFrame('marks-80x24', { columns: 80, rows: 24 }, aSnapshot(nodes));
  });
});

test('too small a terminal gets one line, and the screen when it grows', async () => {
  const monitor = openMonitor({ columns: 39, rows: 10 });
  open.push(monitor);
  expect(await monitor.frameWith('too small')).toBe('too small: needs 40x10');
  monitor.feed.put(six);
  monitor.resize(80, 24);
  await monitor.frameWith(/0 ┼──/);
  monitor.resize(20, 3);
  expect(await monitor.frameWith('too small')).toBe('too small: needs 40…');
});
