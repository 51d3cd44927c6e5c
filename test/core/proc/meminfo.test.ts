import { describe, expect, test } from 'vitest';
import { parseMeminfo } from '../../../src/core/proc/meminfo.js';
import { captureText, virtualMachine } from './fixtures.js';

describe('meminfo', () => {
  test('has total, free and available memory', () => {
    expect(parseMeminfo(captureText(virtualMachine, 'proc/meminfo'))).toEqual({
      totalKib: 24684084,
      freeKib: 18481336,
      availableKib: 20499672,
      swapFreeKib: 0,
    });
  });

  test('estimates what is available on an old kernel', () => {
    const old = 'MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n';
    expect(parseMeminfo(old)).toMatchObject({ availableKib: 420 });
    expect(parseMeminfo('MemFree: 1 kB')).toBeNull();
  });
});
