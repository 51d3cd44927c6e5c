import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryReading } from '../../../src/daemon/sampler/memory.js';

const meminfo = 'MemTotal: 8000 kB\nMemFree: 1000 kB\nMemAvailable: 5000 kB\n';

test('without a limit it is the machine’s', () => {
  expect(memoryReading(meminfo, [])).toEqual({ mem: 5000, rmem: 1000, tmem: 8000 });
});

test('a limit leaves less: what is used counts, but for the cache that can go', () => {
  const limit = { limitKib: 2000, usedKib: 1500, reclaimableKib: 300 };
  expect(memoryReading(meminfo, [limit])).toEqual({ mem: 800, rmem: 500, tmem: 2000 });
});

test('a limit that the machine can’t fill leaves what the machine has', () => {
  const limit = { limitKib: 90_000, usedKib: 10, reclaimableKib: 0 };
  expect(memoryReading(meminfo, [limit])).toEqual({ mem: 5000, rmem: 1000, tmem: 8000 });
});

test('is never negative nor more than there is', () => {
  const kib = fc.nat(20_000);
  const limits = fc.array(fc.record({ limitKib: kib, usedKib: kib, reclaimableKib: kib }));
  fc.assert(
    fc.property(limits, (given) => {
      const { mem, rmem, tmem } = memoryReading(meminfo, given);
      expect(Math.min(mem, rmem, tmem)).toBeGreaterThanOrEqual(0);
      expect(Math.max(rmem, tmem)).toBeLessThanOrEqual(8000);
    }),
  );
});

test('where there is no /proc, Node.js is asked', () => {
  expect(memoryReading(null, []).tmem).toBeGreaterThan(0);
});
