import { describe, expect, test } from 'vitest';
import { defaultAdmin } from '../../src/core/admin.js';
import { whyNot } from '../../src/core/balance/eligibility.js';
import { defaultPolicy, policyFor } from '../../src/core/balance/policy.js';
import { decayPresets, explainDecay, presetOf } from '../../src/core/decay-presets.js';
import { beyondLimits } from '../../src/core/load-limits.js';
import { onYard, speedOfProcessor } from '../../src/core/yard.js';

describe('what the settings of a node do to the balancer', () => {
  test.each([
    [{ movecost: 5_000 }, { moveFixedMs: 5_000 }],
    [{ linkspeed: 1_000 }, { unknownBandwidth: 1_024_000 }],
    [{ iocost: 300 }, { ioAwayFactor: 3 }],
    [{ migrantcost: 110 }, { migrantLoad: 1.1 }],
    [{ gateways: 2 }, { staleMs: 3 * defaultPolicy.staleMs }],
    [{ quiet: 1 as const }, { quiet: true }],
    [{ lstay: 1 as const }, { lstay: true }],
  ])('%j', (change, policy) => {
    expect(policyFor({ ...defaultAdmin, ...change })).toMatchObject(policy);
  });

  test('untouched they are what the balancer starts with', () => {
    const { unknownBandwidth, ...rest } = policyFor(defaultAdmin);
    expect(rest).toEqual({ ...defaultPolicy, unknownBandwidth: undefined });
    expect(Math.abs(unknownBandwidth / defaultPolicy.unknownBandwidth - 1)).toBeLessThan(0.001);
  });
});

describe('load limits', () => {
  const none = { loadlimit: null, loadlimitmode: 0, cpulimit: null, cpulimitmode: 0 } as const;
  /** Four processes on two standard processors, one and a half of them guests'. */
  const reading = { load: 200, speed: 10_000, cpus: 2, util: 100 };
  test.each([
    [{}, undefined],
    [{ loadlimit: 200 }, undefined],
    [{ loadlimit: 199 }, 'beyond its loadlimit (load 200 of 199)'],
    [{ loadlimit: 75, loadlimitmode: 1 as const }, undefined],
    [{ loadlimit: 74, loadlimitmode: 1 as const }, 'beyond its loadlimit (remote load 75 of 74)'],
    [{ loadlimit: 124, loadlimitmode: 2 as const }, 'beyond its loadlimit (local load 125 of 124)'],
    [{ cpulimit: 99 }, 'beyond its cpulimit (use 100% of 99%)'],
    [{ cpulimit: 75, cpulimitmode: 1 as const }, undefined],
    [{ cpulimit: 20, cpulimitmode: 2 as const }, 'beyond its cpulimit (local use 25% of 20%)'],
  ])('%j: %s', (limits, answer) => {
    expect(beyondLimits({ ...none, ...limits }, reading, 1.5)).toBe(answer);
  });

  test('a node beyond one takes no guests, and takes its own jobs back', () => {
    const node = { node: 2, block: false, beyond: 'beyond its loadlimit', drivers: [], tmem: 1 };
    const target = { node, closed: null, freeslots: null, roomKib: 1e6 } as unknown as Parameters<
      typeof whyNot
    >[1];
    const needs = { rssKib: 1, driver: null, allowed: null };
    expect(whyNot({ ...needs, home: 1 }, target, defaultPolicy)).toBe('is beyond its loadlimit');
    expect(whyNot({ ...needs, home: 2 }, target, defaultPolicy)).toBeNull();
  });
});

test('a yardstick of half the speed shows half the load', () => {
  expect(onYard({ load: 100, ownload: 40 }, 5_000)).toEqual({ load: 50, ownload: 20 });
});

test.each([
  ['standard', 10_000],
  ['PIII/1GHz', 3_846],
  ['2600 MHz', 10_000],
  ['EPYC-7/5.2ghz', 20_000],
  ['3', null],
  ['fast', null],
])('processor %s has speed %s', (text, speed) => {
  expect(speedOfProcessor(text)).toBe(speed);
});

test('decay is explained by half-lives, and presets have names', () => {
  expect(explainDecay({ decayinterval: 60, slowdecay: 900, fastdecay: 205 })).toBe(
    'Every 60 s a slow-decay job keeps 90% of what it was counted for and a fast-decay job 20.5%, so half of it is ' +
      'forgotten after 7 min and within 60 s; the last 60 s count in full.',
  );
  expect(explainDecay({ decayinterval: 1, slowdecay: 1000, fastdecay: 0 })).toContain(
    'forgotten never and within 1 s',
  );
  for (const [name, rates] of Object.entries(decayPresets)) expect(presetOf(rates)).toBe(name);
  expect(presetOf({ decayinterval: 1, slowdecay: 1, fastdecay: 1 })).toBeNull();
});
