import { describe, expect, it } from 'vitest';
import { isOutputHeld } from '../../src/core/output-flow.js';

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
