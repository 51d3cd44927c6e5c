import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slowdown } from '../../../src/core/balance/altload.js';
import { decide } from '../../../src/core/balance/decide.js';
import { demandsOf } from '../../../src/core/balance/demand.js';
import { forecastOf, type Forecast } from '../../../src/core/balance/forecast.js';
import { defaultPolicy } from '../../../src/core/balance/policy.js';
import type {
  BalanceJob,
  BalanceNode,
  BalanceSnapshot,
  PlannedMove,
} from '../../../src/core/balance/types.js';
import { anyCluster, randomOf } from './cluster.js';

interface Case {
  readonly snapshot: BalanceSnapshot;
  readonly jobs: readonly BalanceJob[];
  readonly seed: number;
}

const policy = { ...defaultPolicy, maxMoves: 20, maxArrivals: 20 };

function planOf({ snapshot, jobs, seed }: Case) {
  return decide(snapshot, jobs, policy, 0, randomOf(seed));
}

/** Checks every move of many random plans; fails when hardly any plan had a move to check. */
function everyMove(
  check: (move: PlannedMove, target: BalanceNode, job: BalanceJob, given: Case) => void,
): void {
  let moves = 0;
  fc.assert(
    fc.property(anyCluster, (given) => {
      for (const move of planOf(given).moves) {
        moves += 1;
        const target = given.snapshot.nodes.find(({ node }) => node === move.to)!;
        check(
          move,
          target,
          given.jobs.find(({ job }) => job === move.job)!,
          given,
        );
      }
    }),
    { numRuns: 1000 },
  );
  expect(moves).toBeGreaterThan(100);
}

describe('whatever the cluster looks like, a move', () => {
  test('starts where the job is and ends elsewhere', () => {
    everyMove((move, _, job) => {
      expect(move.from).toBe(job.where);
      expect(move.to).not.toBe(job.where);
    });
  });

  test('never goes to a node that is down, unheard of, stale or leaving', () => {
    everyMove((_, target) => {
      expect(target.state).toBe('up');
      expect(target.leaving).toBe(false);
      expect(target.ageMs ?? Infinity).toBeLessThanOrEqual(policy.staleMs);
    });
  });

  test('never goes to a blocked or full node, except home', () => {
    everyMove((_, target, job) => {
      if (target.node === job.home) return;
      expect(target.block).toBe(false);
      expect(target.freeslots).not.toBe(0);
    });
  });

  test('goes only where the driver of the job works', () => {
    everyMove((_, target, job) => expect(target.drivers).toContain(job.driver));
  });

  test('takes only jobs that are ours, can move and are not moving', () => {
    everyMove((_, __, job) => {
      expect(job.home).toBe(1);
      expect(job.cantmove).toEqual([]);
      expect(job.moving).toBe(false);
    });
  });

  test('is automatic only where no lock and no stay forbids it', () => {
    everyMove((move, _, job, { snapshot }) => {
      if (move.why === 'this node is leaving') return;
      expect(job.lock).toBe(false);
      expect(snapshot.nodes.find(({ node }) => node === job.where)!.stay).toBe(false);
    });
  });

  test('is worth what it costs when it is for the load', () => {
    everyMove((move) => {
      if (!isForLoad(move)) return;
      expect(move.gainMs - move.costMs).toBeGreaterThanOrEqual(policy.minGainMs);
    });
  });
});

describe('whatever the cluster looks like, a plan', () => {
  test('gives each job exactly one verdict', () => {
    fc.assert(
      fc.property(anyCluster, (given) => {
        const { moves, stays } = planOf(given);
        const judged = [...moves, ...stays].map(({ job }) => job);
        expect(judged.sort()).toEqual(given.jobs.map(({ job }) => job).sort());
        expect(stays.every(({ reason }) => reason.length > 0)).toBe(true);
      }),
    );
  });

  test('never fills the memory or the slots of a target, all its arrivals together', () => {
    fc.assert(
      fc.property(anyCluster, (given) => {
        const { moves } = planOf(given);
        for (const target of given.snapshot.nodes) {
          const arriving = moves.filter(({ to }) => to === target.node);
          const jobs = arriving.map(({ job: id }) => given.jobs.find(({ job }) => job === id)!);
          if (jobs.length === 0) continue;
          const taken = jobs.reduce((sum, { rssKib }) => sum + rssKib, 0);
          expect(target.mem - taken).toBeGreaterThanOrEqual(policy.memKeep * target.tmem);
          const guests = jobs.filter(({ home }) => home !== target.node);
          if (guests.length > 0) expect(guests.length).toBeLessThanOrEqual(target.freeslots ?? Infinity);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('never raises the greatest slowdown in the cluster by moves for the load', () => {
    let arrivals = 0;
    fc.assert(
      fc.property(anyCluster.map(withoutNeed), (given) => {
        const forecast = forecastOf(given.snapshot, policy);
        const demands = demandsOf(given.jobs, forecast);
        const before = greatestSlowdown(given, forecast, demands);
        const crowded = new Map<number, number>();
        const { moves } = planOf(given);
        // A job bound by input and output may go to a slower place: home, where its files are.
        const nearFiles = new Set(
          moves
            .filter(({ job }) => given.jobs.find((one) => one.job === job)?.hint === 'iojob')
            .map(({ to }) => to),
        );
        for (const { job, to } of moves) {
          if (nearFiles.has(to)) continue;
          const migrant = (demands.get(job) ?? 1) * policy.migrantLoad;
          crowded.set(to, (crowded.get(to) ?? forecast.get(to)!.arriving) + migrant);
        }
        for (const [node, running] of crowded) {
          expect(slowdown(running, forecast.get(node)!.node)).toBeLessThan(before);
          arrivals += 1;
        }
      }),
      { numRuns: 1000 },
    );
    expect(arrivals).toBeGreaterThan(100);
  });

  test('is the same for the same chance', () => {
    fc.assert(
      fc.property(anyCluster, (given) => {
        expect(planOf(given)).toEqual(planOf(given));
      }),
    );
  });

  test('keeps to the number of moves at once, except for nodes that leave', () => {
    fc.assert(
      fc.property(anyCluster, ({ snapshot, jobs, seed }) => {
        const { moves } = decide(snapshot, jobs, { ...policy, maxMoves: 3 }, 0, randomOf(seed));
        const moving = jobs.filter(({ home, moving: now }) => now && home === 1).length;
        const free = moves.filter(({ why }) => why !== 'this node is leaving');
        expect(free.length).toBeLessThanOrEqual(Math.max(0, 3 - moving));
      }),
    );
  });

  test('moves nothing of a quiet home, except from nodes that leave', () => {
    fc.assert(
      fc.property(anyCluster, ({ snapshot, jobs, seed }) => {
        const { moves } = decide(snapshot, jobs, { ...policy, quiet: true }, 0, randomOf(seed));
        expect(moves.every(({ why }) => why === 'this node is leaving')).toBe(true);
      }),
    );
  });

  test('has nothing to add to itself: applied at once, the next one moves nothing back', () => {
    fc.assert(
      fc.property(anyCluster, (given) => {
        const { moves } = planOf(given);
        const moved = given.jobs.map((job) => {
          const move = moves.find((each) => each.job === job.job);
          return move ? { ...job, moving: true } : job;
        });
        const inFlight = moves.map(({ job, from, to }) => ({
          from,
          to,
          rssKib: given.jobs.find((each) => each.job === job)!.rssKib,
          sinceMs: null,
        }));
        const snapshot = { ...given.snapshot, inFlight: [...given.snapshot.inFlight, ...inFlight] };
        const again = planOf({ ...given, snapshot, jobs: moved });
        for (const move of moves) expect(again.moves.map(({ job }) => job)).not.toContain(move.job);
      }),
    );
  });
});

function isForLoad({ why }: PlannedMove): boolean {
  return why === 'balance the load' || why === 'to a faster node';
}

/** The same cluster with memory for everybody and nobody leaving: all moves are for the load. */
function withoutNeed({ snapshot, ...rest }: Case): Case {
  const nodes = snapshot.nodes.map((node) => ({ ...node, leaving: false, mem: 10 * node.tmem }));
  return { snapshot: { ...snapshot, nodes }, ...rest };
}

/** As the sources see themselves: a job that is there counts even before the load shows it. */
function greatestSlowdown({ jobs }: Case, forecast: Forecast, demands: ReadonlyMap<string, number>): number {
  return Math.max(
    ...jobs.map((job) => {
      const source = forecast.get(job.where)!;
      return slowdown(Math.max(source.leaving, demands.get(job.job) ?? 1), source.node);
    }),
  );
}
