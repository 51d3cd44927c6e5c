import { describe, expect, test } from 'vitest';
import { applyTransfer, forecastOf, type Outlook } from '../../../src/core/balance/forecast.js';
import { defaultPolicy } from '../../../src/core/balance/policy.js';
import type { BalanceNode, InFlight } from '../../../src/core/balance/types.js';
import { nodeOf, snapshotOf } from './cluster.js';

const rssKib = 1000;

function outlook(node: number, nodes: BalanceNode[], inFlight: InFlight[] = []): Outlook {
  return forecastOf(snapshotOf(nodes, inFlight), defaultPolicy).get(node)!;
}

describe('a forecast', () => {
  test('judges a source by its own load and a target by its exported load', () => {
    const here = outlook(1, [nodeOf(1, 0, { load: 500, ownload: 200 })]);
    expect([here.leaving, here.arriving]).toEqual([2, 5]);
  });

  test.each([
    ['is still on its way', null, 1.02],
    ['arrived after the report', 200, 1.02],
    ['arrived within the last sample of the report', 1000, 0.51],
    ['arrived a full sample before the report', 1500, 0],
  ])('counts a job that %s', (_, sinceMs, expected) => {
    const { arriving } = outlook(2, [nodeOf(1), nodeOf(2)], [{ from: 1, to: 2, rssKib, sinceMs }]);
    expect(arriving).toBeCloseTo(expected);
  });

  test('takes memory and a slot at the target and gives neither back at the source before the report shows it', () => {
    const nodes = [nodeOf(1, 2, { freeslots: 0 }), nodeOf(2, 0, { freeslots: 3 })];
    const inFlight = [{ from: 1, to: 2, rssKib, sinceMs: null }];
    const [source, target] = [outlook(1, nodes, inFlight), outlook(2, nodes, inFlight)];
    expect(target.roomKib).toBe(nodes[1]!.mem - rssKib);
    expect(target.freeslots).toBe(2);
    expect(target.arrivals).toBe(1);
    expect(source.leaving).toBe(1);
    expect(source.freeKib).toBe(nodes[0]!.mem + rssKib);
    expect(source.roomKib).toBe(nodes[0]!.mem);
    expect(source.freeslots).toBe(0);
  });

  test('a decided move weighs 1.02 at its target at once', () => {
    const forecast = forecastOf(snapshotOf([nodeOf(1, 3), nodeOf(2)]), defaultPolicy);
    applyTransfer(forecast, { from: 1, to: 2, rssKib, demand: 1 }, defaultPolicy);
    expect(forecast.get(1)!.leaving).toBeCloseTo(2);
    expect(forecast.get(2)!.arriving).toBeCloseTo(1.02);
  });

  test('ignores what goes to or comes from nodes that are not in the map', () => {
    const here = outlook(1, [nodeOf(1)], [{ from: 9, to: 8, rssKib, sinceMs: null }]);
    expect(here.arriving).toBe(0);
  });

  test.each([
    [{ state: 'down' }, 'does not answer'],
    [{ state: 'connecting' }, 'has not answered yet'],
    [{ state: 'monitor-only' }, 'is only monitored'],
    [{ ageMs: null }, 'has sent no report yet'],
    [{ ageMs: 14_000 }, 'was last heard of 14 s ago'],
    [{ leaving: true }, 'is leaving'],
    [{ speed: 0 }, 'has no known speed'],
  ] as const)('sends nothing to a node with %o: it %s', (changes, reason) => {
    expect(outlook(2, [nodeOf(2, 0, changes)]).closed).toBe(reason);
  });
});
