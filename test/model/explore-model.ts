import type { DriverName } from '../../src/core/job-spec.js';
import { explore, type Violation } from './explore.js';
import { catchMutants, type CaughtMutant } from './mutants.js';
import { rules } from './rules.js';
import type { Budget, Setup } from './state.js';

export interface ModelBounds {
  readonly setups: readonly Setup[];
  /** For one setup; what lies beyond is not judged. */
  readonly maxStates: number;
}

export interface SetupResult {
  readonly setup: Setup;
  readonly states: number;
  readonly transitions: number;
  /** Everything that the bounds allow was seen. */
  readonly isComplete: boolean;
  readonly violation: Violation | null;
}

export interface ModelReport {
  readonly states: number;
  readonly transitions: number;
  readonly setups: readonly SetupResult[];
  readonly violations: readonly Violation[];
  readonly mutants: readonly CaughtMutant[];
}

const drivers: readonly DriverName[] = ['criu', 'app', 'restart'];

function setups(nodes: number, budget: Partial<Budget>, change: Partial<Setup> = {}): readonly Setup[] {
  const none: Budget = { moves: 1, crashes: 0, losses: 0, deaths: 0, ends: 0, troubles: 0 };
  return drivers.map((driver) => ({ driver, nodes, budget: { ...none, ...budget }, ...change }));
}

/** A few seconds. */
export const shortBounds: ModelBounds = {
  setups: [
    ...setups(2, { crashes: 1, losses: 1 }),
    ...setups(2, { losses: 1, ends: 1, troubles: 1 }),
    ...setups(2, { losses: 1, deaths: 1 }).slice(0, 1),
    ...setups(2, { moves: 2, losses: 1 }, { lateStart: true }).slice(0, 1),
  ],
  maxStates: 50_000,
};

/** Some minutes, below 2 GB. */
export const longBounds: ModelBounds = {
  setups: [
    ...setups(2, { moves: 2, crashes: 1, losses: 1 }, { lateStart: true }),
    ...setups(2, { moves: 2, losses: 2 }),
    ...setups(2, { moves: 2, crashes: 2 }),
    ...setups(2, { crashes: 2, losses: 2 }),
    ...setups(2, { crashes: 1, losses: 1, ends: 1, troubles: 1 }),
    ...setups(2, { crashes: 1, losses: 1, deaths: 1 }),
    ...setups(3, { moves: 2, losses: 1, crashes: 1 }),
  ],
  maxStates: 1_000_000,
};

/**
 * Explores the relocation protocol within the bounds, and as many mutants of it; prints nothing. There is no chance in
 * it: every order of what can happen is gone through.
 */
export function exploreModel({ bounds = shortBounds }: { readonly bounds?: ModelBounds } = {}): ModelReport {
  const results = bounds.setups.map((setup) => ({
    setup,
    ...explore({ rules, setup }, { maxStates: bounds.maxStates }),
  }));
  const sum = (count: (result: SetupResult) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    states: sum((result) => result.states),
    transitions: sum((result) => result.transitions),
    setups: results,
    violations: results.flatMap(({ violation }) => violation ?? []),
    mutants: catchMutants(400_000),
  };
}
