import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  idleLoad,
  loadDecay,
  noteArrival,
  noteDeparture,
  stepLoad,
  stepProcessLoad,
  type LoadState,
  type Processors,
} from '../../src/core/load.js';

const standard: Processors = { speed: 10_000, cpus: 1 };

/** The state after some cycles with so many runnable tasks each. */
function after(runs: readonly number[], processors = standard, from: LoadState = idleLoad): LoadState {
  return runs.reduce(
    (state, running) => stepLoad(state, { running, usable: 1, comingIn: 0 }, processors),
    from,
  );
}

const times = (cycles: number, running: number): number[] => Array.from({ length: cycles }, () => running);

describe('load', () => {
  test('one process on a standard processor is 100, in the long run', () => {
    expect(after(times(40, 1)).ownload).toBeCloseTo(100, 2);
    expect(after(times(40, 1)).load).toBeCloseTo(100, 6);
  });

  test.each([
    [{ speed: 20_000, cpus: 1 }, 50],
    [{ speed: 10_000, cpus: 4 }, 25],
    [{ speed: 4000, cpus: 1 }, 250],
  ])('counts speed and number of processors: %o → %d', (processors, expected) => {
    expect(after(times(60, 1), processors).ownload).toBeCloseTo(expected, 2);
    expect(after(times(60, 1), processors).load).toBeCloseTo(expected, 6);
  });

  test('the own load rises gradually and falls at once', () => {
    const rising = after([4]);
    expect(rising.ownload).toBeCloseTo(400 * (1 - loadDecay));
    expect(after([4, 4]).ownload).toBeGreaterThan(rising.ownload);
    expect(after([...times(40, 4), 0]).ownload).toBe(0);
  });

  test('the exported load rises at once and falls by an eighth a cycle', () => {
    const full = after([4]);
    expect(full.load).toBe(400);
    expect(after([4, 0]).load).toBeCloseTo(350);
    expect(after([4, 0, 0]).load).toBeCloseTo(306.25);
  });

  test('others are never told less than the node believes itself', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 50 }), (runs) => {
        const state = after(runs);
        expect(state.load).toBeGreaterThanOrEqual(state.ownload - 1e-6);
      }),
    );
  });

  test('stays within the range of what was measured', () => {
    const run = fc.double({ min: 1, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(run, { minLength: 60, maxLength: 80 }), (runs) => {
        const { load, ownload } = after(runs);
        expect(load).toBeLessThanOrEqual(Math.max(...runs) * 100 + 1e-6);
        expect(ownload).toBeLessThanOrEqual(Math.max(...runs) * 100 + 1e-6);
        expect(ownload).toBeGreaterThanOrEqual(Math.min(...runs) * 100 * 0.99);
      }),
    );
  });

  test('what the hypervisor takes makes the same tasks a heavier load', () => {
    const stolen = Array.from({ length: 60 }).reduce<LoadState>(
      (state) => stepLoad(state, { running: 1, usable: 0.5, comingIn: 0 }, standard),
      idleLoad,
    );
    expect(stolen.load).toBeCloseTo(200, 1);
  });

  test('is a number also when everything is taken', () => {
    const state = stepLoad(idleLoad, { running: 3, usable: 0, comingIn: 0 }, standard);
    expect(Number.isFinite(state.load)).toBe(true);
  });
});

describe('arrivals', () => {
  test('count at once in what is exported, not in the own load', () => {
    const state = noteArrival(after(times(40, 1)), 2, standard);
    expect(state.load).toBeCloseTo(300);
    expect(state.ownload).toBeCloseTo(100, 2);
  });

  test('are forgotten as the own load comes to show them', () => {
    let state = noteArrival(idleLoad, 1, standard);
    for (let cycle = 0; cycle < 20; cycle++) {
      state = stepLoad(state, { running: 1, usable: 1, comingIn: 0 }, standard);
      expect(state.ownload + state.cameLately * 100).toBeCloseTo(100, 6);
    }
    expect(state.load).toBeCloseTo(100, 0);
  });

  test('stay counted as long as a guest is still on its way', () => {
    let state = noteArrival(idleLoad, 1, standard);
    for (let cycle = 0; cycle < 20; cycle++) {
      state = stepLoad(state, { running: 0, usable: 1, comingIn: 1 }, standard);
      expect(state.load).toBeCloseTo(100);
    }
  });

  test('that failed are taken back', () => {
    expect(noteArrival(noteArrival(idleLoad, 1, standard), -1, standard)).toEqual(idleLoad);
  });
});

describe('departures', () => {
  test('lower the own load at once, and for the cycle that still counted them', () => {
    const left = noteDeparture(after(times(60, 2)), 1, standard);
    expect(left.ownload).toBeCloseTo(100, 2);
    const next = stepLoad(left, { running: 2, usable: 1, comingIn: 0 }, standard);
    expect(next.ownload).toBeCloseTo(100, 2);
    expect(stepLoad(next, { running: 1, usable: 1, comingIn: 0 }, standard).ownload).toBeCloseTo(100, 2);
  });

  test('never make it negative', () => {
    expect(noteDeparture(idleLoad, 3, standard).ownload).toBe(0);
    expect(after([1], standard, noteDeparture(idleLoad, 3, standard)).ownload).toBe(0);
  });
});

test('a job’s share forgets by time, however often it is asked', () => {
  const oneStep = stepProcessLoad(1, 0, 4000);
  const fourSteps = times(4, 0).reduce((share) => stepProcessLoad(share, 0, 1000), 1);
  expect(oneStep).toBeCloseTo(fourSteps);
  expect(stepProcessLoad(0.3, 0.3, 700)).toBeCloseTo(0.3);
});
