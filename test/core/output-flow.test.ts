import { describe, expect, it } from 'vitest';
import { isOutputHeld, outputLimit, outputLimits } from '../../src/core/output-flow.js';

describe('isOutputHeld', () => {
  it.each([
    ['a writer within its room runs', { isHeld: false, aheadBytes: 100 }, false],
    ['one beyond it is held', { isHeld: false, aheadBytes: 101 }, true],
    ['one that was held stays so until half of the room is free', { isHeld: true, aheadBytes: 51 }, true],
    ['and goes on then', { isHeld: true, aheadBytes: 50 }, false],
  ])('%s', (_what, now, held) => {
    expect(isOutputHeld(now, 100)).toBe(held);
  });
});

describe('outputLimit', () => {
  const mib = 1024 * 1024;
  it.each([
    ['where there is room, is that of output that is taken', true, Infinity, outputLimits.taken],
    ['or of output that is kept', false, Infinity, outputLimits.kept],
    ['leaves as much of the disk free as it takes', false, 100 * mib, 100 * mib],
    ['is never so small that home would not tell in time', true, 0, outputLimits.onAnyDisk],
  ])('%s', (_what, isTaken, freeBytes, limit) => {
    expect(outputLimit(isTaken, freeBytes)).toBe(limit);
  });
});
