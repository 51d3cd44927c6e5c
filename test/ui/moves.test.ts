import { describe, expect, test } from 'vitest';
import { addMoves } from '../../src/ui/moves.js';
import { aJob, aMove, aSnapshot } from './cluster-fixture.js';

const still = aSnapshot([], [aJob(1), aJob(2)]);
const moved = aSnapshot([], [aJob(1, { nmigs: 1, where: 2, lastMove: aMove(1, 2, 5_000) }), aJob(2)]);
const again = aSnapshot(
  [],
  [
    aJob(1, { nmigs: 2, where: 3, lastMove: aMove(2, 3, 9_000) }),
    aJob(2, { nmigs: 1, lastMove: aMove(1, 2, 8_000) }),
  ],
);

describe('moves, told from the snapshots', () => {
  test('a job that moved since the last snapshot is one line, once', () => {
    const seen = addMoves([], still, moved);
    expect(seen).toEqual([{ job: '1-1', record: aMove(1, 2, 5_000) }]);
    expect(addMoves(seen, moved, moved)).toBe(seen);
  });
  test('the newest is first', () => {
    const seen = addMoves(addMoves([], still, moved), moved, again);
    expect(seen.map(({ job, record }) => [job, record.atMs])).toEqual([
      ['1-1', 9_000],
      ['1-2', 8_000],
      ['1-1', 5_000],
    ]);
  });
  test('the last moves before the start are there from the first snapshot on', () => {
    expect(addMoves([], null, again)).toHaveLength(2);
  });
  test('a later move counts even when the number of moves was lost', () => {
    const recounted = aSnapshot([], [aJob(1, { nmigs: 1, lastMove: aMove(2, 4, 12_000) })]);
    expect(addMoves([], moved, recounted)).toHaveLength(1);
  });
  test('the same way twice is two moves', () => {
    const back = aSnapshot([], [aJob(1, { nmigs: 3, lastMove: aMove(1, 2, 12_000) })]);
    expect(addMoves([], moved, back)).toHaveLength(1);
  });
});
