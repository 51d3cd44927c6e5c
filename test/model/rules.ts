import * as steps from '../../src/core/guest-steps.js';
import * as relocation from '../../src/core/relocation.js';

export type HomeStep =
  | 'claim'
  | 'prepare'
  | 'begin'
  | 'freeze'
  | 'transfer'
  | 'restore'
  | 'commit'
  | 'continue'
  | 'discard-source'
  | 'done'
  | 'thaw'
  | 'abort'
  | 'discard-copy'
  | 'target-holds'
  | 'source-holds'
  | 'begin-revive'
  | 'revive';

/** The protocol: the decisions are production's own, the order of home's steps is that of relocate.ts and recover.ts. */
export interface Rules {
  readonly recoveryOf: typeof relocation.recoveryOf;
  readonly nextGeneration: typeof relocation.nextGeneration;
  readonly decidePrepare: typeof steps.decidePrepare;
  readonly decideStart: typeof steps.decideStart;
  readonly decideFreeze: typeof steps.decideFreeze;
  readonly decideThaw: typeof steps.decideThaw;
  readonly decideRestore: typeof steps.decideRestore;
  readonly decideContinue: typeof steps.decideContinue;
  readonly decideDiscard: typeof steps.decideDiscard;
  readonly decideForget: typeof steps.decideForget;
  readonly decideRevive: typeof steps.decideRevive;
  readonly holdsCopy: typeof steps.holdsCopy;
  readonly move: readonly HomeStep[];
  readonly drop: readonly HomeStep[];
  readonly undo: readonly HomeStep[];
  readonly finish: readonly HomeStep[];
  readonly revived: readonly HomeStep[];
  /** One end is gone for certain: what the other still has goes on. */
  readonly rescueUndo: readonly HomeStep[];
  readonly rescueFinish: readonly HomeStep[];
  /** What a move that failed has to do: production asks the journal. */
  readonly afterFailure: typeof relocation.recoveryOf;
  readonly mayMove: (journal: readonly relocation.MoveStep[]) => boolean;
  /** No move is undone while its COMMIT may be on the disk. */
  readonly settlesFirst: boolean;
  /** An answer after which a recovery gives the job up. */
  readonly isHopeless: (answer: 'refused' | 'failed') => boolean;
  /** A node whose link came up in the middle of a move is looked at again after it. */
  readonly looksAgain: boolean;
  /** A dump that outlived its mosd is waited for before the job is woken. */
  readonly waitsForDump: boolean;
  /** What stood still and is gone is not taken for running. */
  readonly looksForProcesses: boolean;
}

export const rules: Rules = {
  ...steps,
  recoveryOf: relocation.recoveryOf,
  nextGeneration: relocation.nextGeneration,
  move: [
    'claim',
    'prepare',
    'begin',
    'freeze',
    'transfer',
    'restore',
    'commit',
    'continue',
    'discard-source',
    'done',
  ],
  drop: ['discard-copy'],
  undo: ['thaw', 'abort', 'discard-copy'],
  finish: ['continue', 'discard-source', 'done'],
  revived: ['revive', 'done'],
  rescueUndo: ['target-holds', 'commit'],
  rescueFinish: ['source-holds', 'claim', 'begin-revive'],
  afterFailure: relocation.recoveryOf,
  mayMove: (journal) => relocation.recoveryOf(journal).kind === 'nothing',
  settlesFirst: true,
  isHopeless: (answer) => answer === 'refused',
  looksAgain: true,
  waitsForDump: true,
  looksForProcesses: true,
};
