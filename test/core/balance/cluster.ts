import fc from 'fast-check';
import { loadOf } from '../../../src/core/balance/altload.js';
import type { BalanceJob, BalanceNode, BalanceSnapshot, InFlight } from '../../../src/core/balance/types.js';
import { makeRandom } from './simulator.js';

/** A standard node that `running` processes keep busy, with half of its GiB free. */
export function nodeOf(node: number, running = 0, changes: Partial<BalanceNode> = {}): BalanceNode {
  const base: BalanceNode = {
    node,
    state: 'up',
    load: 0,
    ownload: 0,
    speed: 10_000,
    cpus: 1,
    mem: 512 * 1024,
    rmem: 256 * 1024,
    tmem: 1024 * 1024,
    freeslots: null,
    block: false,
    stay: false,
    leaving: false,
    drivers: ['criu', 'app', 'restart'],
    ageMs: 500,
    bandwidth: 50_000_000,
    ...changes,
  };
  const load = Math.round(loadOf(running, base));
  return { ...base, load: changes.load ?? load, ownload: changes.ownload ?? load };
}

/** A busy job of node 1 that has run there for a minute. */
export function jobOf(job: string, changes: Partial<BalanceJob> = {}): BalanceJob {
  return {
    job,
    home: 1,
    where: 1,
    driver: 'criu',
    cpu: 1,
    rssKib: 10 * 1024,
    imageBytes: 10 * 1024 * 1024,
    ageMs: 60_000,
    sinceMoveMs: null,
    nmigs: 0,
    hint: 'none',
    lock: false,
    cantmove: [],
    allowed: null,
    moving: false,
    ...changes,
  };
}

/** `count` busy jobs of node 1 that share the processors of `where`. */
export function crowd(count: number, where = 1, changes: Partial<BalanceJob> = {}): BalanceJob[] {
  return Array.from({ length: count }, (_, index) =>
    jobOf(`1-${where * 1000 + index}`, { where, cpu: 1 / count, ...changes }),
  );
}

export function snapshotOf(
  nodes: readonly BalanceNode[],
  inFlight: readonly InFlight[] = [],
  self = 1,
): BalanceSnapshot {
  return { self, nodes, inFlight };
}

export const never = (): number => 0;

const nodeNumbers = [1, 2, 3, 4, 5, 6];

/** Nine times in ten the usual value: clusters in which everything is odd have no moves to check. */
function mostly<T>(usual: T, ...odd: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

const anyNode = (node: number): fc.Arbitrary<BalanceNode> =>
  fc
    .record({
      node: fc.constant(node),
      state: mostly<BalanceNode['state']>('up', 'down', 'connecting', 'monitor-only'),
      running: fc.integer({ min: 0, max: 12 }),
      rising: mostly(0, 1, 4),
      speed: fc.constantFrom(2000, 4000, 10_000, 25_000),
      cpus: fc.constantFrom(1, 1, 2, 8),
      mem: fc.oneof(fc.constant(800_000), fc.integer({ min: 0, max: 1_000_000 })),
      freeslots: mostly<number | null>(null, 0, 1, 3),
      block: mostly(false, true),
      stay: mostly(false, true),
      leaving: mostly(false, true),
      drivers: mostly<readonly string[]>(['criu', 'app'], ['app'], []),
      ageMs: mostly<number | null>(500, null, 0, 3000, 60_000),
      bandwidth: fc.constantFrom(null, 1_000_000, 100_000_000),
    })
    .map(({ running, rising, ...changes }) => {
      const ownload = Math.round(loadOf(Math.max(0, running - rising), changes));
      return nodeOf(node, running, { ...changes, ownload, tmem: 1_000_000 });
    });

const anyJob = (index: number): fc.Arbitrary<BalanceJob> =>
  fc.record({
    job: fc.constant(`1-${index + 1}`),
    home: mostly(1, 2),
    where: fc.constantFrom(1, 1, 2, 3),
    driver: mostly<string | null>('criu', 'app', null),
    cpu: fc.oneof(fc.constant(0.2), fc.double({ min: 0, max: 2, noNaN: true })),
    rssKib: fc.integer({ min: 0, max: 400_000 }),
    imageBytes: fc.integer({ min: 0, max: 400_000_000 }),
    ageMs: fc.oneof(fc.constant(300_000), fc.integer({ min: 0, max: 600_000 })),
    sinceMoveMs: mostly<number | null>(null, 2000, 30_000),
    nmigs: fc.integer({ min: 0, max: 4 }),
    hint: mostly<BalanceJob['hint']>('none', 'cpujob', 'iojob'),
    lock: mostly(false, true),
    cantmove: mostly<readonly string[]>([], ['it maps a device']),
    allowed: mostly<readonly number[] | null>(null, [2, 3]),
    moving: mostly(false, true),
  });

const anyInFlight: fc.Arbitrary<InFlight> = fc.record({
  from: fc.constantFrom(null, ...nodeNumbers),
  to: fc.constantFrom(...nodeNumbers),
  rssKib: fc.integer({ min: 0, max: 100_000 }),
  sinceMs: fc.constantFrom(null, 0, 700, 20_000),
});

/** Any cluster of six nodes with up to twelve jobs, and a seed for the chance in the decision. */
export const anyCluster = fc.record({
  snapshot: fc.record({
    self: fc.constant(1),
    nodes: fc.tuple(...nodeNumbers.map(anyNode)),
    inFlight: fc.array(anyInFlight, { maxLength: 3 }),
  }),
  jobs: fc
    .constantFrom(0, 1, 3, 6, 12)
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyJob(index)))),
  seed: fc.integer(),
});

export function randomOf(seed: number): () => number {
  return makeRandom(seed);
}
