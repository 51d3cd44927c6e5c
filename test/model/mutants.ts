import type { MoveStep, Recovery } from '../../src/core/relocation.js';
import { explore, type Violation } from './explore.js';
import { rules, type Rules } from './rules.js';
import type { Budget, Setup } from './state.js';

/** The protocol with one fault in it, and the smallest bounds in which the fault shows. */
export interface Mutant {
  readonly name: string;
  readonly rules: Rules;
  readonly setup: Setup;
}

const none: Budget = { moves: 1, crashes: 0, losses: 0, deaths: 0, ends: 0, troubles: 0 };

function mutant(
  name: string,
  change: Partial<Rules>,
  budget: Partial<Budget>,
  setup: Partial<Setup> = {},
): Mutant {
  const bounds = { driver: 'criu' as const, nodes: 2, budget: { ...none, ...budget }, ...setup };
  return { name, rules: { ...rules, ...change }, setup: bounds };
}

function undone(recovery: Recovery): Recovery {
  return recovery.kind === 'finish' ? { ...recovery, kind: 'undo' } : recovery;
}

/** What moves before COMMIT and what comes after it, in another order. */
const hastyMove: Rules['move'] = rules.move
  .filter((step) => step !== 'commit')
  .flatMap((step) => (step === 'continue' ? ['continue', 'commit'] : [step]));

/** A rescue makes good what some faults break. */
const noRescue: Partial<Rules> = { rescueUndo: [], rescueFinish: [] };

export const mutants: readonly Mutant[] = [
  mutant(
    'a target that has said that it has no copy makes one later',
    { decideRestore: (guest, generation) => rules.decideRestore({ ...guest, undone: 0 }, generation) },
    { losses: 1, deaths: 1 },
  ),
  mutant('an open move whose one end is gone is given up', noRescue, { deaths: 1 }),
  mutant('the target continues before COMMIT', { move: hastyMove }, {}),
  mutant(
    'a move that fails after COMMIT thaws the source',
    { afterFailure: (journal: readonly MoveStep[]) => undone(rules.recoveryOf(journal)) },
    { losses: 1 },
  ),
  mutant(
    'recovery after a crash always undoes',
    { recoveryOf: (journal: readonly MoveStep[]) => undone(rules.recoveryOf(journal)) },
    { crashes: 1 },
  ),
  mutant(
    'a generation is used again after an abort',
    { nextGeneration: () => 2, ...noRescue },
    { moves: 2, losses: 2 },
  ),
  mutant(
    'discard does not look at the generation',
    { decideDiscard: (guest) => ({ kind: guest ? 'tree' : 'nothing' }) },
    { moves: 2, losses: 1 },
  ),
  mutant(
    'a late request to freeze is obeyed after the move was undone',
    { decideFreeze: (guest) => rules.decideFreeze({ ...guest, undone: 0 }, guest.generation + 1) },
    { losses: 1 },
  ),
  mutant(
    'a late request to thaw is obeyed in the next move',
    { decideThaw: (guest) => rules.decideThaw(guest, guest.move?.generation ?? 0) },
    { moves: 2, losses: 2 },
  ),
  mutant(
    'a node hears of a generation before it is claimed',
    { move: rules.move.filter((step) => step !== 'claim'), ...noRescue },
    { moves: 2, losses: 1 },
  ),
  mutant(
    'what runs gives way to an older request to prepare',
    { decidePrepare: (old) => ({ kind: old ? 'replace' : 'admit' }) },
    { moves: 2, losses: 1 },
  ),
  mutant(
    'a move begins before the one before it is finished or undone',
    { mayMove: () => true },
    { moves: 2, losses: 1 },
  ),
  mutant(
    'a late start runs what a move is bringing',
    { decideStart: (guest) => rules.decideStart({ ...guest, move: null }, guest.generation) },
    { moves: 2 },
    { lateStart: true },
  ),
  mutant('a failure that may pass gives the job up', { isHopeless: () => true }, { crashes: 1, troubles: 1 }),
  mutant(
    'a move is undone while its COMMIT may be on the disk',
    { settlesFirst: false },
    { crashes: 1, troubles: 1 },
  ),
  mutant(
    'a node whose link came up during a move is not looked at again',
    { looksAgain: false },
    { losses: 1, deaths: 1 },
  ),
  mutant('the job is woken while the dump of a killed mosd goes on', { waitsForDump: false }, { crashes: 1 }),
];

export interface CaughtMutant {
  readonly name: string;
  readonly violation: Violation | null;
}

export function catchMutants(maxStates: number): readonly CaughtMutant[] {
  return mutants.map(({ name, rules, setup }) => ({
    name,
    violation: explore({ rules, setup }, { maxStates }).violation,
  }));
}
