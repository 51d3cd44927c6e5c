import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/balance/decide.js';
import { choosePlacement } from '../../../src/core/balance/place.js';
import { defaultPolicy } from '../../../src/core/balance/policy.js';
import type { BalanceJob, BalanceNode, Plan } from '../../../src/core/balance/types.js';
import type { DecayPolicy } from '../../../src/core/cluster-map.js';
import { meanOf, noStatistics, stepDecay } from '../../../src/core/decay.js';
import { jobOf, never, nodeOf, snapshotOf } from './cluster.js';

const hints = ['none', 'cpujob', 'iojob'] as const;

function place(hint: BalanceJob['hint'], nodes: BalanceNode[]): number | null {
  return choosePlacement(snapshotOf(nodes), { home: 1, hint, rssKib: null }, null, defaultPolicy, never).node;
}

function pass(nodes: BalanceNode[], jobs: BalanceJob[]): Plan {
  return decide(snapshotOf(nodes), jobs, defaultPolicy, 0, never);
}

const movesOf = ({ moves }: Plan): string[] => moves.map(({ job, from, to }) => `${job} ${from}>${to}`);

describe('mosrun -i', () => {
  test('keeps a new job at home where others would leave', () => {
    const nodes = [nodeOf(1, 2), nodeOf(2, 1)];
    expect(hints.map((hint) => place(hint, nodes))).toEqual([2, 2, 1]);
  });

  test('keeps a running job at home where others would leave', () => {
    const nodes = [nodeOf(1, 2), nodeOf(2, 0)];
    const plans = hints.map((hint) =>
      movesOf(pass(nodes, [jobOf('1-1', { cpu: 0.5, hint }), jobOf('1-2', { cpu: 0.5, lock: true })])),
    );
    expect(plans).toEqual([['1-1 1>2'], ['1-1 1>2'], []]);
  });

  test('fetches a job home from a node where others would stay', () => {
    const nodes = [nodeOf(1, 0), nodeOf(2, 1)];
    const plans = hints.map((hint) => movesOf(pass(nodes, [jobOf('1-1', { where: 2, hint })])));
    expect(plans).toEqual([[], [], ['1-1 2>1']]);
  });
});

describe('mosrun -c', () => {
  test('moves a job that looks idle for the moment, as the others do not', () => {
    const nodes = [nodeOf(1, 2), nodeOf(2, 0)];
    const plans = hints.map((hint) =>
      movesOf(pass(nodes, [jobOf('1-1', { cpu: 0.001, hint }), jobOf('1-2', { cpu: 0.5, lock: true })])),
    );
    expect(plans).toEqual([[], ['1-1 1>2'], []]);
  });
});

describe('the decay of its statistics', () => {
  const rates = { decayinterval: 1, slowdecay: 975, fastdecay: 400 };

  /** Share of a processor after a minute of work and some seconds of waiting. */
  function cpuAfterPause(policy: DecayPolicy['policy'], seconds: number): number {
    let past = noStatistics;
    for (let second = 0; second < 60; second++) past = stepDecay(past, 1, policy, rates);
    for (let second = 0; second < seconds; second++) past = stepDecay(past, 0, policy, rates);
    return meanOf(past);
  }

  test('decides whether a job that has just begun to wait still moves', () => {
    const nodes = [nodeOf(1, 2), nodeOf(2, 0)];
    const plans = (['fast', 'slow', 'none'] as const).map((policy) =>
      movesOf(
        pass(nodes, [
          jobOf('1-1', { cpu: cpuAfterPause(policy, 6) }),
          jobOf('1-2', { cpu: 0.5, lock: true }),
        ]),
      ),
    );
    expect(plans).toEqual([[], ['1-1 1>2'], ['1-1 1>2']]);
  });

  test('fast forgets in seconds, slow in minutes, none never', () => {
    const left = (['fast', 'slow', 'none'] as const).map((policy) => cpuAfterPause(policy, 20));
    expect(left[0]).toBeLessThan(0.01);
    expect(left[1]).toBeGreaterThan(0.4);
    expect(left[2]).toBeCloseTo(0.75);
  });
});
