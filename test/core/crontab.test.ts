import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronFields, cronLine, cronMark, ownCronLines, withCronLine } from '../../src/core/crontab.js';

const line = cronLine('*/5 * * * *', { words: ['/usr/bin/node', '/a/moskit.mjs'], env: {} });

describe('the fields of cron', () => {
  test.each([
    [60_000, '* * * * *'],
    [300_000, '*/5 * * * *'],
    [1_800_000, '*/30 * * * *'],
    [3_600_000, '0 * * * *'],
    [6 * 3_600_000, '0 */6 * * *'],
    [86_400_000, '0 0 * * *'],
    [7 * 60_000, null],
    [45 * 60_000, null],
    [90_000, null],
    [5 * 3_600_000, null],
    [2 * 86_400_000, null],
    [0, null],
  ])('%i ms → %s', (ms, fields) => expect(cronFields(ms)).toBe(fields));
});

describe('our line in a crontab', () => {
  test('quotes what sh would read, and marks every percent sign for cron', () => {
    const shown = cronLine('* * * * *', { words: ["/it's/50%"], env: { MOSKIT_DIR: '/a b' } });
    expect(shown).toBe(`* * * * * MOSKIT_DIR='/a b' '/it'\\''s/50\\%' >/dev/null ${cronMark}`);
  });

  test('comes and goes, and every other byte stays', () => {
    const others = fc.string({ unit: 'binary' }).filter((text) => !text.includes(cronMark));
    fc.assert(
      fc.property(others, (crontab) => {
        const installed = withCronLine(crontab, line);
        expect(ownCronLines(installed)).toEqual([line]);
        expect(installed).toBe(`${line}\n${crontab}`);
        expect(withCronLine(installed, line)).toBe(installed);
        expect(withCronLine(installed, null)).toBe(crontab);
      }),
    );
  });

  test('is one, however many there were; what only speaks of it stays', () => {
    const crontab = `# ${cronMark}\n${line}\n0 0 * * * true\n${line}\n`;
    expect(withCronLine(crontab, line)).toBe(`${line}\n# ${cronMark}\n0 0 * * * true\n`);
  });
});
