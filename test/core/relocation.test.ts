import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nextGeneration,
  parseMoveStep,
  placeOf,
  recoveryOf,
  staleBelow,
  type BeginStep,
  type MoveStep,
} from '../../src/core/relocation.js';

const start = { where: 1, generation: 1 };
const begin = (generation: number, from = 1, to = 3): BeginStep => ({
  step: 'begin',
  generation,
  from,
  to,
  driver: 'criu',
  why: 'asked',
  dirShared: false,
  atMs: 0,
});
const claim = (generation: number): MoveStep => ({ step: 'claim', generation, atMs: 0 });
const commit = (generation: number): MoveStep => ({ step: 'commit', generation, atMs: 0 });
const done = (generation: number): MoveStep => ({ step: 'done', generation, frozenMs: 1, bytes: 1, atMs: 0 });
const abort = (generation: number): MoveStep => ({ step: 'abort', generation, reason: 'r', atMs: 0 });

describe('what a crash leaves to do', () => {
  const nothing = { kind: 'nothing' } as const;
  it.each<[string, readonly MoveStep[], unknown, number]>([
    ['no move at all', [], nothing, 1],
    ['a generation claimed for a move that never began', [claim(2)], nothing, 1],
    ['claimed again while a move is open', [begin(2), claim(3)], { kind: 'undo', move: begin(2) }, 1],
    ['begun', [claim(2), begin(2)], { kind: 'undo', move: begin(2) }, 1],
    ['committed', [begin(2), commit(2)], { kind: 'finish', move: begin(2) }, 3],
    ['done', [begin(2), commit(2), done(2)], nothing, 3],
    ['given up', [begin(2), abort(2)], nothing, 1],
    ['given up, begun again', [begin(2), abort(2), begin(3)], { kind: 'undo', move: begin(3) }, 1],
    [
      'an abort behind the commit changes nothing',
      [begin(2), commit(2), abort(2)],
      { kind: 'finish', move: begin(2) },
      3,
    ],
    ['a commit of another generation is none', [begin(3), commit(2)], { kind: 'undo', move: begin(3) }, 1],
    ['a commit without a beginning', [commit(2)], nothing, 1],
    [
      'there and back',
      [begin(2), commit(2), done(2), begin(3, 3, 1), commit(3)],
      { kind: 'finish', move: begin(3, 3, 1) },
      1,
    ],
  ])('%s', (_name, journal, recovery, where) => {
    expect(recoveryOf(journal)).toEqual(recovery);
    expect(placeOf(journal, start).where).toBe(where);
  });
});

/** The journals that home may write: moves one after the other, each given up before its commit or done after it. */
const legalJournal = fc
  .array(fc.record({ to: fc.integer({ min: 1, max: 9 }), isCommitted: fc.boolean() }), { maxLength: 8 })
  .map((moves) => {
    const journal: MoveStep[] = [];
    for (const { to, isCommitted } of moves) {
      const generation = nextGeneration(journal, start);
      journal.push(claim(generation), begin(generation, placeOf(journal, start).where, to));
      journal.push(...(isCommitted ? [commit(generation), done(generation)] : [abort(generation)]));
    }
    return journal;
  });

const prefixes = (journal: readonly MoveStep[]): readonly (readonly MoveStep[])[] =>
  [...journal.keys(), journal.length].map((length) => journal.slice(0, length));

describe('a rescue', () => {
  const lost = [claim(2), begin(2), commit(2)];
  const revived: BeginStep = { ...begin(3, 3, 1), isLost: true, revives: 2 };

  it('is committed by its very entry: the job is back where it stands still', () => {
    expect(recoveryOf([...lost, claim(3), revived])).toEqual({ kind: 'finish', move: revived });
    expect(placeOf([...lost, claim(3), revived], start)).toEqual({ where: 1, generation: 3 });
    expect(recoveryOf([...lost, claim(3), revived, done(3)])).toEqual({ kind: 'nothing' });
  });

  it('has not begun with its claim: the committed move is finished', () => {
    expect(recoveryOf([...lost, claim(3)])).toMatchObject({ kind: 'finish', move: { generation: 2 } });
    expect(placeOf([...lost, claim(3)], start)).toEqual({ where: 3, generation: 2 });
  });

  it('reads well, and nothing else in its place', () => {
    expect(parseMoveStep(revived)).toEqual(revived);
    expect(() => parseMoveStep({ ...revived, revives: '2' })).toThrow();
    expect(() => parseMoveStep({ ...revived, isLost: 1 })).toThrow();
  });
});

describe('after any prefix of any legal journal', () => {
  it('what follows a beginning is undone, what follows a commit is finished, everything else is left alone', () => {
    const kinds = {
      claim: 'nothing',
      begin: 'undo',
      commit: 'finish',
      done: 'nothing',
      abort: 'nothing',
    } as const;
    fc.assert(
      fc.property(legalJournal, (journal) => {
        for (const prefix of prefixes(journal)) {
          const last = prefix.at(-1);
          expect(recoveryOf(prefix).kind).toBe(last ? kinds[last.step] : 'nothing');
        }
      }),
    );
  });

  it('the job is on one node: where it was before the commit, where it goes from the commit on', () => {
    fc.assert(
      fc.property(legalJournal, (journal) => {
        for (const prefix of prefixes(journal)) {
          const recovery = recoveryOf(prefix);
          const { where, generation } = placeOf(prefix, start);
          if (recovery.kind === 'undo') expect(where).toBe(recovery.move.from);
          if (recovery.kind === 'finish')
            expect({ where, generation }).toEqual({
              where: recovery.move.to,
              generation: recovery.move.generation,
            });
        }
      }),
    );
  });

  it('finishing or undoing it leaves nothing to do, and the job where it was said to be', () => {
    fc.assert(
      fc.property(legalJournal, (journal) => {
        for (const prefix of prefixes(journal)) {
          const recovery = recoveryOf(prefix);
          if (recovery.kind === 'nothing') continue;
          const { generation } = recovery.move;
          const after = [...prefix, recovery.kind === 'undo' ? abort(generation) : done(generation)];
          expect(recoveryOf(after).kind).toBe('nothing');
          expect(placeOf(after, start)).toEqual(placeOf(prefix, start));
        }
      }),
    );
  });

  it('a commit is final: nothing that is appended for that generation undoes it', () => {
    fc.assert(
      fc.property(legalJournal, fc.array(fc.constantFrom(abort, commit, done)), (journal, later) => {
        for (const prefix of prefixes(journal)) {
          const recovery = recoveryOf(prefix);
          if (recovery.kind !== 'finish') continue;
          const { generation, to } = recovery.move;
          const after = [...prefix, ...later.map((step) => step(generation))];
          expect(recoveryOf(after).kind).not.toBe('undo');
          expect(placeOf(after, start)).toEqual({ where: to, generation });
        }
      }),
    );
  });

  it('generations grow with every move, given up or not', () => {
    fc.assert(
      fc.property(legalJournal, (journal) => {
        const begun = journal.filter(({ step }) => step === 'begin').map(({ generation }) => generation);
        expect(begun).toEqual([...new Set(begun)].sort((a, b) => a - b));
        for (const prefix of prefixes(journal))
          for (const { generation } of [start, ...prefix])
            expect(nextGeneration(prefix, start)).toBeGreaterThan(generation);
      }),
    );
  });
});

describe('a guest that a node reports', () => {
  it.each<[string, number, number, number | null]>([
    ['is where the journal says', 3, 4, null],
    ['is an older generation on its own node', 3, 2, 4],
    ['is an older generation elsewhere', 1, 2, 4],
    ['is the copy of a move that was given up', 1, 5, 5],
  ])('%s', (_title, node, generation, stale) => {
    expect(staleBelow({ where: 3, generation: 4 }, node, { generation })).toBe(stale);
  });
});

describe('a journal entry', () => {
  it.each([claim(2), begin(2), commit(2), done(2), abort(2)])('is read as it was written: $step', (entry) => {
    expect(parseMoveStep(JSON.parse(JSON.stringify(entry)))).toEqual(entry);
  });

  it.each([null, 7, {}, { step: 'leap', generation: 1, atMs: 1 }])(
    'that is something else is refused: %j',
    (entry) => {
      expect(() => parseMoveStep(entry)).toThrow('not a step of a move');
    },
  );

  it('without one of its fields, or with one of another kind, is refused', () => {
    for (const entry of [begin(2), commit(2), done(2), abort(2)]) {
      for (const name of Object.keys(entry)) {
        if (name === 'why' || name === 'reason') continue;
        expect(() => parseMoveStep({ ...entry, [name]: null })).toThrow();
      }
      expect(() => parseMoveStep({ ...entry, generation: '2' })).toThrow();
    }
    expect(() => parseMoveStep({ ...begin(2), driver: 'teleport' })).toThrow();
  });
});
