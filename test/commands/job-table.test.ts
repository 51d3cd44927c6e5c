import { describe, expect, test } from 'vitest';
import { cutToWidth, oneLine, widthOf } from '../../src/commands/columns.js';
import { guestRow, jobRow, jobTable } from '../../src/commands/job-table.js';
import { describeOutcome, formatBytes } from '../../src/commands/move-text.js';
import type { JobView } from '../../src/core/cluster-map.js';

const job: JobView = {
  job: '1-17',
  pid: 4711,
  home: 1,
  where: 3,
  state: 'running',
  nmigs: 2,
  generation: 2,
  cantmove: [],
  driver: 'criu',
  lock: false,
  cpu: 0.987,
  rssKib: 271 * 1024,
  command: 'xz -9 "big file"',
  startedAtMs: 0,
};

describe('mps', () => {
  test('shows the columns of openMosix and ours, right-aligned where they are numbers', () => {
    const lines = jobTable([jobRow(job)], null);
    expect(lines).toEqual([
      ' PID JOB  HOME WHERE STATE   NMIGS CANTMOVE CPU  RSS COMMAND',
      '4711 1-17    1     3 running     2 -        99% 271M xz -9 "big file"',
    ]);
  });

  test.each<[Partial<JobView>, string, string]>([
    [{ state: 'moving', moving: { to: 5, step: 'image' } }, 'WHERE', '3>5'],
    [{ pid: null }, 'PID', '-'],
    [{ state: 'done', exit: { kind: 'code', code: 3 } }, 'STATE', 'exit 3'],
    [{ state: 'done', exit: { kind: 'signal', signal: 'SIGKILL' } }, 'STATE', 'SIGKILL'],
    [{ state: 'done', exit: { kind: 'unknown', reason: 'node died' } }, 'STATE', 'ended'],
    [{ cantmove: ['io_uring', 'a device'] }, 'CANTMOVE', 'io_uring; a device'],
    [{ rssKib: 900 }, 'RSS', '900K'],
    [{ rssKib: 3.5 * 1024 * 1024 }, 'RSS', '3.5G'],
    [{ command: 'sh -c "a\nb\u001b[31m"' }, 'COMMAND', 'sh -c "a b?[31m"'],
  ])('%j is shown as %s %s', (change, column, shown) => {
    expect(jobRow({ ...job, ...change })).toMatchObject({ [column]: shown });
  });

  test('a guest shows its home, and not what only its home knows', () => {
    const guest = { job: '2-5', from: 2, pid: 99, cpu: 0.5, rssKib: 1024, command: 'povray' };
    expect(guestRow(guest, 3)).toMatchObject({ HOME: '2', WHERE: '3', STATE: 'guest', NMIGS: '-' });
    expect(guestRow(guest, 0)).toMatchObject({ WHERE: 'here' });
  });

  test.each([40, 60, 80])('no line is wider than a terminal of %i columns', (columns) => {
    const long = jobRow({ ...job, cantmove: ['a very long reason '.repeat(5)], command: '漢字'.repeat(60) });
    for (const line of jobTable([long, jobRow(job)], columns))
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  test('nothing is cut where no terminal is', () => {
    expect(jobTable([jobRow({ ...job, command: 'x'.repeat(500) })], null)[1]).toContain('x'.repeat(500));
  });
});

describe('text in columns', () => {
  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['漢字漢', 6, '漢字漢'],
    ['漢字漢', 5, '漢字…'],
    ['漢字漢', 4, '漢…'],
    ['abc', 0, ''],
    ['', 4, ''],
  ])('%s in %i columns is %s', (text, columns, cut) => {
    expect(cutToWidth(text, columns)).toBe(cut);
  });

  test('control and direction characters of others do not reach the terminal', () => {
    expect(oneLine('a\u0007b\u009bc\u202ed\u2028e')).toBe('a?b?c?d?e');
  });
});

describe('what became of a move', () => {
  test('says from where to where, how long it stood still and what was moved', () => {
    const record = {
      from: 1,
      to: 3,
      why: 'asked',
      driver: 'criu',
      atMs: 0,
      frozenMs: 840,
      bytes: 35_756_442,
    } as const;
    expect(describeOutcome({ moved: true, job: '1-17', record })).toBe(
      '1-17: 1 -> 3, stood still 0.84 s, 34.1 MiB moved (criu)',
    );
  });

  test('or why it did not move', () => {
    expect(
      describeOutcome({ moved: false, job: '1-17', where: 1, reason: 'node 3 refuses guests (block)' }),
    ).toBe('1-17 stays on node 1: node 3 refuses guests (block)');
  });

  test.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
    [2 ** 60, '1048576.0 TiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
