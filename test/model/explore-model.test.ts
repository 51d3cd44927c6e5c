import { beforeAll, describe, expect, it } from 'vitest';
import { explore } from './explore.js';
import { exploreModel, type ModelReport } from './explore-model.js';
import { mutants } from './mutants.js';
import { rules } from './rules.js';
import { initialState, keyOf, type Setup } from './state.js';

const quiet: Setup = {
  driver: 'criu',
  nodes: 2,
  budget: { moves: 1, crashes: 0, losses: 0, deaths: 0, ends: 0, troubles: 0 },
};

describe('the relocation protocol, in every order of steps, ends, losses and late requests', () => {
  let report: ModelReport;
  beforeAll(() => {
    report = exploreModel();
  });

  it('has at most one running instance, loses none, and keeps what was committed', () => {
    expect(report.violations).toEqual([]);
    expect(report.setups.map(({ isComplete }) => isComplete)).not.toContain(false);
    expect(report.states).toBeGreaterThanOrEqual(100_000);
  });

  it.each(mutants.map(({ name }) => name))('would be seen to be broken if %s', (name) => {
    const caught = report.mutants.find((mutant) => mutant.name === name);
    expect(caught?.violation?.trace.length).toBeGreaterThan(0);
  });
});

describe('the explorer', () => {
  it('goes through a move without faults in one line, and sees nothing wrong in it', () => {
    const { states, transitions, isComplete, violation } = explore(
      { rules, setup: quiet },
      { maxStates: 1000 },
    );
    expect({ isComplete, violation }).toEqual({ isComplete: true, violation: null });
    expect(transitions).toBe(states - 1);
  });

  it('shows the shortest way to what is wrong', () => {
    const hasty = mutants.find(({ name }) => name === 'the target continues before COMMIT');
    const { violation } = explore({ rules: hasty!.rules, setup: hasty!.setup }, { maxStates: 1000 });
    expect(violation?.invariant).toBe('COMMIT is final');
    expect(violation?.trace.slice(-2)).toEqual(['1 goes on with continue 2', '1 goes on with continue 2']);
    expect(violation?.trace.some((step) => step.includes('COMMIT'))).toBe(false);
  });

  it('finds a job that stands still for ever', () => {
    const stuck = { ...rules, move: rules.move.filter((step) => step !== 'continue') };
    const { violation } = explore({ rules: stuck, setup: quiet }, { maxStates: 1000 });
    expect(violation?.invariant).toBe('it always comes to run, or to a recorded end');
  });

  it('judges nothing beyond its bound, and says so', () => {
    const setup = { ...quiet, budget: { ...quiet.budget, crashes: 2, losses: 2 } };
    const { isComplete, violation } = explore({ rules, setup }, { maxStates: 500 });
    expect({ isComplete, violation }).toEqual({ isComplete: false, violation: null });
  });

  it('takes requests on their way in another order for the same state', () => {
    const state = initialState(quiet);
    const thaw = { name: 'thaw', to: 0, generation: 2, awaited: false } as const;
    const discard = { name: 'discard', to: 1, generation: 2, awaited: false } as const;
    expect(keyOf({ ...state, requests: [thaw, discard] })).toBe(
      keyOf({ ...state, requests: [discard, thaw] }),
    );
    expect(keyOf({ ...state, requests: [thaw] })).not.toBe(keyOf({ ...state, requests: [discard] }));
  });
});
