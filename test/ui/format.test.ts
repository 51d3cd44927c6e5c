import { describe, expect, test } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatCpu,
  formatDuration,
  formatKib,
  formatLoad,
  plural,
} from '../../src/ui/format.js';

describe('numbers for people', () => {
  test.each([
    [formatLoad(83), '0.83'],
    [formatLoad(0), '0.00'],
    [formatLoad(1234), '12.3'],
    [formatLoad(999.9), '10.0'],
    [formatLoad(25_000), '250'],
    [formatKib(512), '512 KiB'],
    [formatKib(34 * 1024), '34 MiB'],
    [formatKib(1.25 * 1024 * 1024), '1.3 GiB'],
    [formatKib(2048 * 1024 * 1024), '2.0 TiB'],
    [formatBytes(34 * 1024 * 1024), '34 MiB'],
    [formatBytes(700), '700 B'],
    [formatCpu(0.984), '98%'],
    [formatCpu(3.5), '350%'],
    [formatDuration(85), '85 ms'],
    [formatDuration(812), '0.8 s'],
    [formatDuration(75_400), '75 s'],
    [formatAge(4_900), '4 s'],
    [formatAge(150_000), '2 min'],
    [formatAge(3 * 3_600_000), '3 h'],
    [plural(1, 'job'), '1 job'],
    [plural(0, 'job'), '0 jobs'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});
