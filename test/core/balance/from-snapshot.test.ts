import { describe, expect, test } from 'vitest';
import type { JobView, NodeReport, NodeView } from '../../../src/core/cluster-map.js';
import { fromClusterSnapshot } from '../../../src/core/balance/from-snapshot.js';

const report: NodeReport = {
  load: 210,
  ownload: 200,
  speed: 9000,
  cpus: 2,
  util: 50,
  mem: 800,
  rmem: 700,
  tmem: 1000,
  guests: 1,
  freeslots: 4,
  block: true,
  stay: true,
  lstay: false,
  quiet: false,
  drivers: ['criu'],
  version: '1',
};

const view: NodeView = { node: 2, name: 'two', state: 'up', ageMs: 300, report, bandwidth: 5e6 };

const running: JobView = {
  job: '1-1',
  pid: null,
  home: 1,
  where: 2,
  state: 'running',
  nmigs: 1,
  generation: 2,
  cantmove: [],
  driver: 'criu',
  lock: false,
  cpu: 0.9,
  rssKib: 100,
  command: 'x',
  startedAtMs: 40_000,
  lastMove: { from: 1, to: 2, why: 'asked', driver: 'criu', atMs: 99_000, frozenMs: 1, bytes: 1 },
};

function convert(jobs: JobView[], extras: Parameters<typeof fromClusterSnapshot>[2] = {}) {
  const snapshot = { self: 1, atMs: 100_000, sspeed: 10_000, nodes: [view], jobs, guests: [] };
  return fromClusterSnapshot(snapshot, 1, extras);
}

describe('the balancer sees', () => {
  test('a node as its report says', () => {
    expect(convert([]).snapshot.nodes).toEqual([
      {
        node: 2,
        state: 'up',
        load: 210,
        ownload: 200,
        speed: 9000,
        cpus: 2,
        mem: 800,
        rmem: 700,
        tmem: 1000,
        freeslots: 4,
        block: true,
        stay: true,
        leaving: false,
        drivers: ['criu'],
        ageMs: 300,
        bandwidth: 5e6,
      },
    ]);
  });

  test('a node without a report as one of unknown age', () => {
    const snapshot = {
      self: 1,
      atMs: 0,
      sspeed: 10_000,
      nodes: [{ ...view, report: null, ageMs: 5 }],
      jobs: [],
      guests: [],
    };
    expect(fromClusterSnapshot(snapshot, 1).snapshot.nodes[0]).toMatchObject({ ageMs: null, speed: 0 });
  });

  test('a job with its ages, its traits and what its move would transfer', () => {
    const [job] = convert([running], { traits: () => ({ hint: 'iojob', allowed: [1, 2] }) }).jobs;
    expect(job).toMatchObject({
      ageMs: 60_000,
      sinceMoveMs: 1000,
      hint: 'iojob',
      allowed: [1, 2],
      imageBytes: 102_400,
      moving: false,
      cantmove: [],
    });
    expect(convert([{ ...running, driver: 'app' }]).jobs[0]!.imageBytes).toBe(1024 * 1024);
  });

  test('nodes that are leaving', () => {
    expect(convert([], { leaving: new Set([2]) }).snapshot.nodes[0]!.leaving).toBe(true);
  });

  test.each([
    ['a job that moved a moment ago', running, [{ from: 1, to: 2, rssKib: 100, sinceMs: 1000 }]],
    [
      'a job on its way',
      { ...running, state: 'moving', moving: { to: 3, step: 'freeze' } },
      [{ from: 2, to: 3, rssKib: 100, sinceMs: null }],
    ],
    [
      'a job that is starting',
      { ...running, state: 'starting' },
      [{ from: null, to: 2, rssKib: 100, sinceMs: null }],
    ],
    [
      'nothing of a job that has long been there',
      { ...running, lastMove: { ...running.lastMove!, atMs: 0 } },
      [],
    ],
  ] as const)('in flight: %s', (_, job, expected) => {
    expect(convert([job]).snapshot.inFlight).toEqual(expected);
  });

  test.each([
    ['starting', ['it is just starting']],
    ['stopped', ['it is stopped']],
    ['unreachable', ['its node does not answer']],
  ] as const)('that a %s job cannot be moved now', (state, cantmove) => {
    expect(convert([{ ...running, state }]).jobs[0]!.cantmove).toEqual(cantmove);
  });

  test('no job that has ended', () => {
    expect(
      convert([
        { ...running, state: 'done' },
        { ...running, state: 'lost' },
      ]).jobs,
    ).toEqual([]);
  });
});

test('a job whose start and move lie ahead of a clock that was set back rests no longer than others', () => {
  const moved: JobView = {
    ...running,
    startedAtMs: 3_000_000,
    lastMove: { from: 1, to: 2, why: 'asked', driver: 'criu', atMs: 3_600_000, frozenMs: 1, bytes: 1 },
  };
  const { jobs, snapshot } = fromClusterSnapshot(
    { self: 1, atMs: 50_000, sspeed: 10_000, nodes: [view], jobs: [moved], guests: [] },
    1,
  );
  expect(jobs[0]?.sinceMoveMs).toBeGreaterThanOrEqual(600_000);
  expect(jobs[0]?.ageMs).toBeGreaterThanOrEqual(600_000);
  expect(snapshot.inFlight).toEqual([]);
});
