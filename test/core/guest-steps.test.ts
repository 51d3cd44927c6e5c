import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideContinue,
  decideDiscard,
  decideForget,
  decideFreeze,
  decidePrepare,
  decideRestore,
  decideRevive,
  decideStart,
  decideThaw,
  holdsCopy,
  type GuestPhase,
  type GuestStanding,
} from '../../src/core/guest-steps.js';

const process = { pid: 7 };

/** A guest of generation 3; `move` where the phase has one. */
function guest(phase: GuestPhase, change: Partial<GuestStanding> = {}): GuestStanding {
  const isLeaving = phase === 'freezing' || phase === 'frozen';
  const move = isLeaving ? { generation: 4 } : phase === 'restored' ? { generation: 3 } : null;
  return {
    generation: 3,
    phase,
    process: phase === 'prepared' || phase === 'ended' ? null : process,
    move,
    ...change,
  };
}

describe('what a node does about a request', () => {
  it.each<[string, { readonly kind: string }, string]>([
    ['prepare where nothing is', decidePrepare(null, 3), 'admit'],
    ['prepare where an admission was not used', decidePrepare(guest('prepared'), 3), 'replace'],
    ['prepare over a younger admission', decidePrepare(guest('prepared'), 2), 'no'],
    ['prepare over what an older move left frozen', decidePrepare(guest('frozen'), 5), 'replace'],
    ['prepare over what an older move left restored', decidePrepare(guest('restored'), 4), 'replace'],
    ['prepare over what runs', decidePrepare(guest('running'), 4), 'no'],
    ['prepare over what has ended', decidePrepare(guest('ended'), 4), 'no'],

    ['start of what was admitted', decideStart(guest('prepared'), 3), 'start'],
    ['start once more', decideStart(guest('running'), 3), 'running'],
    ['a late start where a move has been admitted', decideStart(guest('prepared'), 1), 'no'],
    ['start of what a move brings', decideStart(guest('prepared', { move: { generation: 3 } }), 3), 'no'],

    ['freeze of what runs', decideFreeze(guest('running'), 4), 'freeze'],
    ['freeze of what has ended', decideFreeze(guest('ended'), 4), 'ended'],
    ['freeze of what is frozen', decideFreeze(guest('frozen'), 5), 'no'],
    ['a late freeze of a move that was undone', decideFreeze(guest('running', { undone: 4 }), 4), 'no'],
    ['freeze for the move after the undone one', decideFreeze(guest('running', { undone: 4 }), 5), 'freeze'],
    ['a late freeze of the move that brought it', decideFreeze(guest('running'), 3), 'no'],

    ['thaw of its move', decideThaw(guest('frozen'), 4), 'thaw'],
    ['thaw while it is being frozen', decideThaw(guest('freezing'), 4), 'thaw'],
    ['thaw of a younger move than the one that froze it', decideThaw(guest('frozen'), 5), 'thaw'],
    ['a late thaw of an older move', decideThaw(guest('frozen'), 3), 'no'],
    ['thaw of what runs', decideThaw(guest('running'), 4), 'nothing'],

    ['restore of what was admitted', decideRestore(guest('prepared'), 3), 'restore'],
    ['restore once more', decideRestore(guest('restored'), 3), 'nothing'],
    ['restore where it runs', decideRestore(guest('running'), 3), 'no'],
    ['restore of another generation', decideRestore(guest('prepared'), 2), 'no'],

    ['continue', decideContinue(guest('restored'), 3), 'continue'],
    ['continue once more', decideContinue(guest('running'), 3), 'running'],
    ['continue of what has run out', decideContinue(guest('ended'), 3), 'ended'],
    ['a late continue while it is frozen to move on', decideContinue(guest('frozen'), 3), 'no'],
    ['a late continue where a younger copy is', decideContinue(guest('restored'), 2), 'no'],

    ['discard where nothing is', decideDiscard(null, 3), 'nothing'],
    ['discard of an older generation', decideDiscard(guest('running'), 2), 'nothing'],
    ['discard of the copy', decideDiscard(guest('restored'), 3), 'copy'],
    ['discard of the admission', decideDiscard(guest('prepared'), 3), 'record'],
    ['discard of what runs as that generation', decideDiscard(guest('running'), 3), 'no'],
    ['discard of what moves on as that generation', decideDiscard(guest('frozen'), 3), 'no'],
    ['discard of the source', decideDiscard(guest('frozen'), 4), 'frozen'],
    ['discard of a stale generation that runs', decideDiscard(guest('running'), 4), 'tree'],

    ['forget', decideForget(guest('ended'), 3), 'record'],
    ['forget of what still runs', decideForget(guest('running'), 3), 'tree'],
    ['forget of the source of a move', decideForget(guest('frozen'), 3), 'frozen'],
    ['a late forget where the job came back to', decideForget(guest('running'), 1), 'nothing'],
    ['forget where nothing is', decideForget(null, 1), 'nothing'],
  ])('%s: %o', (_title, step, kind) => {
    expect(step.kind).toBe(kind);
    if (step.kind === 'no') expect(step).toHaveProperty('reason');
  });
});

const anyGuest = fc.record({
  generation: fc.integer({ min: 2, max: 9 }),
  phase: fc.constantFrom<GuestPhase>('prepared', 'running', 'freezing', 'frozen', 'restored', 'ended'),
  process: fc.constantFrom(null, process),
  move: fc.option(fc.record({ generation: fc.integer({ min: 2, max: 9 }) }), { nil: null }),
  undone: fc.option(fc.integer({ min: 2, max: 9 }), { nil: undefined }),
});

describe('a move one end of which is gone', () => {
  it('is revived by the source that stands still for it, as often as it is asked', () => {
    expect(decideRevive(guest('frozen'), 4, 5)).toEqual({ kind: 'revive' });
    expect(decideRevive(guest('frozen', { generation: 5 }), 4, 5)).toEqual({ kind: 'revive' });
    expect(decideRevive(guest('running', { generation: 5 }), 4, 5)).toEqual({ kind: 'running' });
  });

  it.each<[string, GuestStanding]>([
    ['stands still for another move', guest('frozen', { move: { generation: 6 } })],
    ['runs as another generation', guest('running')],
    ['was only restored', guest('restored', { generation: 5 })],
    ['is younger', guest('frozen', { generation: 6 })],
  ])('is not revived by what %s', (_name, standing) => {
    expect(decideRevive(standing, 4, 5).kind).toBe('no');
  });

  it('has a copy at the source that is frozen for it, and at the target that is restored', () => {
    expect(holdsCopy(guest('frozen'), 4)).toBe(true);
    expect(holdsCopy(guest('frozen'), 5)).toBe(false);
    expect(holdsCopy(guest('restored'), 3)).toBe(true);
    expect(holdsCopy(guest('restored'), 4)).toBe(false);
    for (const phase of ['prepared', 'running', 'freezing', 'ended'] as const)
      expect(holdsCopy(guest(phase), 3)).toBe(false);
    expect(holdsCopy(null, 3)).toBe(false);
  });

  it('is not restored after home was told that there is no copy, nor discarded after it was told that there is one', () => {
    expect(decideRestore(guest('prepared', { undone: 3 }), 3).kind).toBe('no');
    expect(decideDiscard(guest('frozen', { undone: 4 }), 4)).toEqual({ kind: 'nothing' });
    expect(decideDiscard(guest('frozen', { undone: 4 }), 5)).toEqual({ kind: 'frozen' });
  });
});

describe('of whatever guest', () => {
  it('a request of an older generation starts, stops and ends nothing', () => {
    fc.assert(
      fc.property(anyGuest, fc.integer({ min: 1, max: 9 }), (held, behind) => {
        const older = held.generation - behind;
        const kinds = [
          decideStart(held, older),
          decideFreeze(held, older),
          decideRestore(held, older),
          decideContinue(held, older),
          decideDiscard(held, older),
          decideForget(held, older),
        ].map((step) => step.kind);
        expect(kinds.filter((kind) => !['no', 'nothing', 'ended'].includes(kind))).toEqual([]);
      }),
    );
  });
});
