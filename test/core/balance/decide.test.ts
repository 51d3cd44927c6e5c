import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/balance/decide.js';
import { defaultPolicy, settleTimeMs, type BalancePolicy } from '../../../src/core/balance/policy.js';
import type { BalanceJob, BalanceNode, InFlight, Plan } from '../../../src/core/balance/types.js';
import { crowd, jobOf, never, nodeOf, snapshotOf } from './cluster.js';

function plan(
  nodes: readonly BalanceNode[],
  jobs: readonly BalanceJob[],
  policy: Partial<BalancePolicy> = {},
  inFlight: readonly InFlight[] = [],
): Plan {
  return decide(snapshotOf(nodes, inFlight), jobs, { ...defaultPolicy, ...policy }, 1000, never);
}

/** Two jobs on node 1, nothing on node 2: without a rule against it, one of them moves. */
const uneven = [nodeOf(1, 2), nodeOf(2, 0)];

function onlyStay(changes: Partial<BalanceJob>, policy: Partial<BalancePolicy> = {}, nodes = uneven): string {
  const { moves, stays } = plan(nodes, [jobOf('1-1', { cpu: 0.5, ...changes })], policy);
  expect(moves).toEqual([]);
  return `${stays[0]!.rule}: ${stays[0]!.reason}`;
}

describe('balancing the load', () => {
  test('moves one of two jobs to an idle node, and says why with figures', () => {
    const { atMs, moves, stays } = plan(uneven, crowd(2));
    expect(atMs).toBe(1000);
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({ from: 1, to: 2, why: 'balance the load' });
    expect(moves[0]!.explanation).toBe(
      'node 1 has 2 running on 1 processor of speed 10000, node 2 has 0 running on 1 processor of speed 10000; gains about 59 s, costs 2.2 s',
    );
    expect(stays).toEqual([{ job: '1-1001', rule: 'no gain', reason: 'no node would run it sooner' }]);
  });

  test('makes several moves in one pass, each knowing of the ones before', () => {
    const nodes = [nodeOf(1, 8), nodeOf(2), nodeOf(3), nodeOf(4)];
    const { moves, stays } = plan(nodes, crowd(8));
    expect(moves.map(({ to }) => to).sort()).toEqual([2, 3, 4]);
    expect(stays.every(({ rule }) => rule === 'busy')).toBe(true);
  });

  test('reaches the even spread when nothing limits the moves', () => {
    const nodes = [nodeOf(1, 8), nodeOf(2), nodeOf(3), nodeOf(4)];
    const { moves } = plan(nodes, crowd(8), { maxMoves: 100, maxArrivals: 100 });
    expect(moves.map(({ to }) => to).sort()).toEqual([2, 2, 3, 3, 4, 4]);
  });

  test('leaves a difference of one job alone', () => {
    expect(plan([nodeOf(1, 2), nodeOf(2, 1)], crowd(2)).moves).toEqual([]);
  });

  test('prefers the older of two jobs: it has more to gain', () => {
    const jobs = [jobOf('1-1', { cpu: 0.5, ageMs: 20_000 }), jobOf('1-2', { cpu: 0.5, ageMs: 90_000 })];
    expect(plan(uneven, jobs).moves.map(({ job }) => job)).toEqual(['1-2']);
  });

  test('moves jobs of this home that run elsewhere, also between two other nodes', () => {
    const nodes = [nodeOf(1, 3), nodeOf(2, 4), nodeOf(3, 0)];
    expect(plan(nodes, crowd(4, 2)).moves[0]).toMatchObject({ from: 2, to: 3 });
  });

  test('names a faster node as the reason when nothing is crowded', () => {
    const nodes = [nodeOf(1, 1, { speed: 4000 }), nodeOf(2, 0, { speed: 10_000 })];
    expect(plan(nodes, [jobOf('1-1')]).moves[0]).toMatchObject({ to: 2, why: 'to a faster node' });
  });

  test('never slows a job down for the sake of the others', () => {
    const nodes = [nodeOf(1, 3), nodeOf(2, 0, { speed: 2500 })];
    expect(plan(nodes, crowd(3)).moves).toEqual([]);
  });

  test('leaves a job alone on a slow node where its arrival would cost a fast one more than it saves', () => {
    const nodes = [nodeOf(1, 1, { speed: 2500 }), nodeOf(2, 2)];
    expect(onlyStay({ cpu: 1 }, {}, nodes)).toBe('no gain: no node would run it sooner');
  });

  test('does not bother with a job that sleeps', () => {
    expect(onlyStay({ cpu: 0.001 })).toMatch(/^too dear: moving to node 2 would gain/);
  });

  test('does not count on a job that is already on its way', () => {
    const inFlight = [{ from: 1, to: 2, rssKib: 1000, sinceMs: null }];
    const jobs = [jobOf('1-1', { cpu: 0.5, moving: true }), jobOf('1-2', { cpu: 0.5 })];
    const { moves, stays } = plan(uneven, jobs, {}, inFlight);
    expect(moves).toEqual([]);
    expect(stays.map(({ rule }) => rule)).toEqual(['moving', 'no gain']);
  });

  test('sends at most two at once to one node, moves under way included', () => {
    const nodes = [nodeOf(1, 9), nodeOf(2)];
    const inFlight = [{ from: 3, to: 2, rssKib: 1000, sinceMs: null }];
    expect(plan(nodes, crowd(9), {}, inFlight).moves).toHaveLength(1);
  });

  test('an I/O job goes home rather than elsewhere', () => {
    const nodes = [nodeOf(3, 0), nodeOf(2, 3), nodeOf(1, 0)];
    const [move] = plan(nodes, crowd(3, 2, { hint: 'iojob' })).moves;
    expect(move).toMatchObject({ from: 2, to: 1 });
  });
});

describe('what a move costs', () => {
  test('a small gain is not worth a big image over a slow link', () => {
    const nodes = [nodeOf(1, 2), nodeOf(2, 0, { bandwidth: 1_000_000 })];
    const dear = { cpu: 0.5, imageBytes: 300_000_000 };
    expect(onlyStay(dear, {}, nodes)).toBe('too dear: moving to node 2 would gain 59 s and cost 302 s');
    expect(plan(nodes, [jobOf('1-1', { ...dear, ageMs: 600_000 })]).moves).toHaveLength(1);
  });

  test('of two equal nodes the one behind the faster link is taken', () => {
    const nodes = [
      nodeOf(1, 2),
      nodeOf(2, 0, { bandwidth: 1_000_000 }),
      nodeOf(3, 0, { bandwidth: 100_000_000 }),
    ];
    expect(plan(nodes, crowd(2, 1, { imageBytes: 50_000_000 })).moves[0]!.to).toBe(3);
  });

  test('a link that was never measured counts as a slow one', () => {
    const nodes = [nodeOf(1, 2, { bandwidth: null }), nodeOf(2, 0, { bandwidth: null })];
    expect(plan(nodes, crowd(2, 1, { imageBytes: 50_000_000 })).moves[0]!.costMs).toBe(7000);
  });
});

describe('a job stays', () => {
  test.each<[string, Partial<BalanceJob>]>([
    ['not ours: its home, node 2, decides', { home: 2 }],
    ['moving: it is moving', { moving: true }],
    [
      "cantmove: can't move: it maps a device; it has a terminal",
      { cantmove: ['it maps a device', 'it has a terminal'] },
    ],
    ["cantmove: can't move: no driver can relocate it", { driver: null }],
    ['lock: it is locked (mosrun -L)', { lock: true }],
    ['young: it started 1.5 s ago', { ageMs: 1500 }],
    ['settling: it moved 8.0 s ago and settles for 10 s', { sinceMoveMs: 8000, nmigs: 1 }],
    ['settling: it moved 30 s ago and settles for 40 s', { sinceMoveMs: 30_000, nmigs: 3 }],
    ['source unknown: node 9 is not in the map', { where: 9 }],
    ['no target: no node can take it now: node 2 is not in the list of the job', { allowed: [3] }],
    ['no target: no node can take it now: node 2 has no dmtcp driver', { driver: 'dmtcp' }],
  ])('%s', (expected, changes) => {
    expect(onlyStay(changes)).toBe(expected);
  });

  test.each<[string, Partial<BalancePolicy>]>([
    ['quiet: quiet is set here (mosctl quiet)', { quiet: true }],
    ['lstay: lstay is set here: own jobs do not leave (mosctl lstay)', { lstay: true }],
  ])('%s', (expected, policy) => {
    expect(onlyStay({}, policy)).toBe(expected);
  });

  test('on a node that has stay set, even a foreign one', () => {
    const nodes = [nodeOf(1), nodeOf(2, 3, { stay: true })];
    expect(onlyStay({ where: 2 }, {}, nodes)).toBe('stay: stay is set on node 2 (mosctl stay)');
  });

  test('when nothing is known of the node it runs on', () => {
    const nodes = [nodeOf(1), nodeOf(2, 3, { ageMs: 11_000 })];
    expect(onlyStay({ where: 2 }, {}, nodes)).toBe(
      'source unknown: node 2, where it runs, was last heard of 11 s ago',
    );
  });

  test.each<[string, Partial<BalanceNode>]>([
    ['is blocked (mosctl block)', { block: true }],
    ['takes no more guests', { freeslots: 0 }],
    ['does not answer', { state: 'down' }],
    ['is only monitored', { state: 'monitor-only' }],
    ['was last heard of 20 s ago', { ageMs: 20_000 }],
    ['is leaving', { leaving: true }],
    ['has not enough memory (50 MiB free of 1024 MiB, the job needs 10 MiB)', { mem: 50 * 1024 }],
    ['has no criu driver', { drivers: ['app'] }],
  ])('when the only other node %s', (reason, changes) => {
    expect(onlyStay({}, {}, [nodeOf(1, 2), nodeOf(2, 0, changes)])).toBe(
      `no target: no node can take it now: node 2 ${reason}`,
    );
  });

  test('and hears the first three reasons of many nodes', () => {
    const nodes = [nodeOf(1, 2), ...[2, 3, 4, 5, 6].map((node) => nodeOf(node, 0, { block: true }))];
    expect(onlyStay({}, {}, nodes)).toMatch(/node 4 is blocked \(mosctl block\); and 2 more$/);
  });

  test('lstay does not hold a job that runs elsewhere', () => {
    const nodes = [nodeOf(1, 0), nodeOf(2, 3)];
    expect(plan(nodes, crowd(3, 2), { lstay: true }).moves[0]).toMatchObject({ from: 2, to: 1 });
  });

  test('a blocked and full home still takes its own jobs back', () => {
    const nodes = [nodeOf(1, 0, { block: true, freeslots: 0 }), nodeOf(2, 3)];
    expect(plan(nodes, crowd(3, 2)).moves[0]).toMatchObject({ from: 2, to: 1 });
  });

  test('where others crowd the node as well, each home takes its turn by its share', () => {
    const crowded = [nodeOf(1), nodeOf(2, 4), nodeOf(3)];
    const decideWith = (chance: number): Plan =>
      decide(snapshotOf(crowded), crowd(2, 2, { cpu: 0.25 }), defaultPolicy, 0, () => chance);
    expect(decideWith(0.9).stays.map(({ rule }) => rule)).toEqual(['yielding', 'yielding']);
    expect(decideWith(0.3).moves).toHaveLength(2);
  });
});

describe('memory ushering', () => {
  const short = { mem: 30 * 1024 };
  const big = jobOf('1-2', { where: 2, cpu: 0.1, rssKib: 200 * 1024 });
  const small = jobOf('1-1', { where: 2, cpu: 0.9, rssKib: 20 * 1024 });

  test('sends the biggest job away from a node that is out of memory', () => {
    const { moves } = plan([nodeOf(1, 1), nodeOf(2, 1, short)], [small, big]);
    expect(moves).toHaveLength(1);
    expect(moves[0]).toMatchObject({ job: '1-2', from: 2, to: 1, why: 'this node is out of memory' });
    expect(moves[0]!.explanation).toBe('node 2 has 30 MiB of 1024 MiB free, the job takes 200 MiB');
  });

  test('does so even though the target is more crowded, the job is young and has just moved', () => {
    const job = { ...big, ageMs: 500, sinceMoveMs: 500, nmigs: 3 };
    expect(plan([nodeOf(1, 9), nodeOf(2, 1, short)], [job]).moves).toHaveLength(1);
  });

  test('goes on only while memory is short', () => {
    const jobs = [300, 20, 10].map((mib, index) =>
      jobOf(`1-${index}`, { where: 2, cpu: 0.3, rssKib: mib * 1024 }),
    );
    const { moves } = plan([nodeOf(1, 9, { mem: 900 * 1024 }), nodeOf(2, 1, short)], jobs);
    expect(moves.map(({ job }) => job)).toEqual(['1-0']);
  });

  test('takes the next biggest when the biggest fits nowhere', () => {
    const tight = nodeOf(1, 9, { mem: 150 * 1024 });
    const { moves } = plan([tight, nodeOf(2, 1, short)], [small, big]);
    expect(moves.map(({ job }) => job)).toEqual(['1-1']);
  });

  test('counts memory that is about to be freed by a move under way', () => {
    const inFlight = [{ from: 2, to: 1, rssKib: 300 * 1024, sinceMs: null }];
    expect(plan([nodeOf(1, 9), nodeOf(2, 1, short)], [big], {}, inFlight).moves).toEqual([]);
  });

  test('finds no room on the node itself, whatever the limits', () => {
    const anyRoom = { memLow: 0.9, memKeep: 0 };
    expect(
      plan([nodeOf(2, 1), nodeOf(1, 9, { block: true })], [{ ...small, home: 1 }], anyRoom).moves[0]?.to,
    ).not.toBe(2);
  });

  test('respects stay and lock', () => {
    expect(plan([nodeOf(1), nodeOf(2, 1, { ...short, stay: true })], [big]).moves).toEqual([]);
    expect(plan([nodeOf(1), nodeOf(2, 1, short)], [{ ...big, lock: true }]).moves).toEqual([]);
  });
});

describe('a node that is leaving', () => {
  const leaving = nodeOf(2, 6, { leaving: true });

  test('loses all its jobs, more than the usual number of moves, whatever holds them', () => {
    const jobs = crowd(6, 2, { lock: true, ageMs: 100, sinceMoveMs: 100, nmigs: 2 });
    const { moves } = plan([nodeOf(1, 3), leaving, nodeOf(3, 0)], jobs, { quiet: true });
    expect(moves).toHaveLength(6);
    expect(moves.every(({ why, to }) => why === 'this node is leaving' && to !== 2)).toBe(true);
  });

  test('sends them home when nothing else is left, even past the list of the job', () => {
    const nodes = [nodeOf(1, 20, { block: true }), leaving, nodeOf(3, 0, { block: true })];
    expect(plan(nodes, crowd(1, 2, { allowed: [2, 3] })).moves[0]).toMatchObject({ to: 1 });
  });

  test('sends them where they cost least', () => {
    const nodes = [nodeOf(1, 9), nodeOf(3, 5), leaving, nodeOf(4, 1)];
    expect(plan(nodes, crowd(1, 2)).moves[0]).toMatchObject({ to: 4 });
  });

  test('keeps a job that fits nowhere, and says so', () => {
    const nodes = [nodeOf(1, 0, { mem: 0 }), leaving];
    expect(plan(nodes, crowd(1, 2)).stays[0]!.rule).toBe('no target');
  });

  test('keeps the jobs that were born there', () => {
    const nodes = [nodeOf(1, 2, { leaving: true }), nodeOf(2)];
    expect(plan(nodes, crowd(2)).stays.map(({ reason }) => reason)).toEqual(
      Array<string>(2).fill('its home is leaving; it stays with its home'),
    );
  });
});

test('a job rests twice as long after each move, up to a limit', () => {
  const rests = [0, 1, 2, 3, 5, 6, 40].map((nmigs) => settleTimeMs(nmigs, defaultPolicy) / 1000);
  expect(rests).toEqual([10, 10, 20, 40, 160, 300, 300]);
});
