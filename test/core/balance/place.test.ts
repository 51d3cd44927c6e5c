import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choosePlacement, type PlacementHints } from '../../../src/core/balance/place.js';
import { defaultPolicy } from '../../../src/core/balance/policy.js';
import type { BalanceNode, InFlight } from '../../../src/core/balance/types.js';
import { anyCluster, never, nodeOf, randomOf, snapshotOf } from './cluster.js';

const hints: PlacementHints = { home: 1, hint: 'none', rssKib: null };

function place(nodes: BalanceNode[], more: Partial<PlacementHints> = {}, candidates: number[] | null = null) {
  return choosePlacement(snapshotOf(nodes), { ...hints, ...more }, candidates, defaultPolicy, never);
}

/** As many `mosrun` in the same second: no report comes in between. */
function burst(count: number, nodes: BalanceNode[], seed: number): ReadonlyMap<number, number> {
  const random = randomOf(seed);
  const inFlight: InFlight[] = [];
  const placed = new Map<number, number>();
  for (let index = 0; index < count; index += 1) {
    const { node } = choosePlacement(snapshotOf(nodes, inFlight), hints, null, defaultPolicy, random);
    placed.set(node!, (placed.get(node!) ?? 0) + 1);
    inFlight.push({ from: null, to: node!, rssKib: 1000, sinceMs: null });
  }
  return placed;
}

describe('a burst of new jobs', () => {
  test('of twelve spreads evenly over four equal nodes before any load shows it', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const placed = burst(
          12,
          [1, 2, 3, 4].map((node) => nodeOf(node)),
          seed,
        );
        expect([...placed.values()]).toEqual([3, 3, 3, 3]);
      }),
    );
  });

  test('follows the speeds of unequal nodes', () => {
    const speeds = [2000, 2000, 4000, 4000, 4000, 4000];
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const nodes = speeds.map((speed, index) => nodeOf(index + 1, 0, { speed }));
        const placed = burst(20, nodes, seed);
        expect(nodes.map(({ node }) => placed.get(node))).toEqual([2, 2, 4, 4, 4, 4]);
      }),
    );
  });

  test('fills every processor before any of them is shared', () => {
    const nodes = [nodeOf(1, 0, { cpus: 2 }), nodeOf(2, 0, { cpus: 6 })];
    expect(Object.fromEntries(burst(8, nodes, 7))).toEqual({ 1: 2, 2: 6 });
  });

  test('stops at the number of guests that a node takes', () => {
    const nodes = [nodeOf(1), nodeOf(2, 0, { freeslots: 1, speed: 40_000 })];
    expect(burst(6, nodes, 1).get(2)).toBe(1);
  });
});

describe('a new job', () => {
  test('stays at home when no other node is better', () => {
    expect(place([nodeOf(2), nodeOf(1)]).node).toBe(1);
  });

  test('goes where it costs least, and says so', () => {
    const placement = place([nodeOf(1, 1), nodeOf(2, 0)]);
    expect(placement.node).toBe(2);
    expect(placement.reason).toContain('node 2 costs least of 2 nodes');
  });

  test('prefers a crowded fast node to an idle slow one when that still runs it sooner', () => {
    expect(place([nodeOf(1, 0, { speed: 1000 }), nodeOf(2, 1, { speed: 20_000 })]).node).toBe(2);
  });

  test('with much input and output goes away only where it costs less than half', () => {
    expect(place([nodeOf(1, 1), nodeOf(2, 0)], { hint: 'iojob' }).node).toBe(2);
    expect(place([nodeOf(1, 2), nodeOf(2, 1)], { hint: 'iojob' }).node).toBe(1);
  });

  test('keeps to the candidates', () => {
    const placement = place([nodeOf(1), nodeOf(2, 5), nodeOf(3, 9)], {}, [2, 3, 8]);
    expect(placement.node).toBe(2);
    expect(placement.rejected).toEqual([{ node: 8, reason: 'is not in the map' }]);
  });

  test('learns of every rejection, and goes nowhere when all are rejected', () => {
    const placement = place([
      nodeOf(1, 0, { mem: 1000 }),
      nodeOf(2, 0, { block: true }),
      nodeOf(3, 0, { state: 'down' }),
      nodeOf(4, 0, { freeslots: 0 }),
      nodeOf(5, 0, { ageMs: 12_000 }),
    ]);
    expect(placement.node).toBeNull();
    expect(placement.rejected).toEqual([
      { node: 1, reason: 'has not enough memory (1 MiB free of 1024 MiB, the job needs 32 MiB)' },
      { node: 2, reason: 'is blocked (mosctl block)' },
      { node: 3, reason: 'does not answer' },
      { node: 4, reason: 'takes no more guests' },
      { node: 5, reason: 'was last heard of 12 s ago' },
    ]);
    expect(placement.reason).toMatch(/^no node can take it: node 1 has not enough memory/);
  });

  test('starts at home though home is blocked and full', () => {
    expect(place([nodeOf(1, 0, { block: true, freeslots: 0 })]).node).toBe(1);
  });

  test('never goes to a node that is down, stale, leaving, blocked, full or too small', () => {
    fc.assert(
      fc.property(anyCluster, ({ snapshot, seed }) => {
        const { node, rejected } = choosePlacement(snapshot, hints, null, defaultPolicy, randomOf(seed));
        const chosen = snapshot.nodes.find((view) => view.node === node);
        if (!chosen) {
          expect(rejected).toHaveLength(snapshot.nodes.length);
          return;
        }
        expect(chosen.state).toBe('up');
        expect(chosen.ageMs).not.toBeNull();
        expect(chosen.ageMs!).toBeLessThanOrEqual(defaultPolicy.staleMs);
        expect(chosen.leaving).toBe(false);
        expect(chosen.mem - defaultPolicy.newJobKib).toBeGreaterThanOrEqual(0.1 * chosen.tmem);
        if (chosen.node !== 1) {
          expect(chosen.block).toBe(false);
          expect(chosen.freeslots).not.toBe(0);
        }
      }),
    );
  });
});
