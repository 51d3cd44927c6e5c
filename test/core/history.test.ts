import { describe, expect, it } from 'vitest';
import { formatEvent, isAskedFor, parseHistoryLine } from '../../src/core/history.js';
import { parseDuration } from '../../src/core/duration.js';

const moved = {
  atMs: 1_795_238_674_843,
  event: 'moved',
  job: '1-3',
  generation: 2,
  node: 2,
  to: 1,
  reason: 'balance the load',
};

describe('the history', () => {
  it.each([
    ['a move', moved, '2026-11-21T05:24:34.843Z job 1-3 (2) moved 2 -> 1: balance the load'],
    [
      'a job on a node',
      { atMs: 0, event: 'held', job: '1-3', node: 4, reason: 'too much output' },
      '1970-01-01T00:00:00.000Z job 1-3 held node 4: too much output',
    ],
    ['a node', { atMs: 0, event: 'down', node: 4, reason: '' }, '1970-01-01T00:00:00.000Z node 4 down'],
  ])('shows %s as one line', (_what, event, line) => {
    expect(formatEvent(event)).toBe(line);
  });

  it('reads back what was written', () => {
    expect(parseHistoryLine(JSON.stringify(moved))).toEqual(moved);
  });

  it.each([
    '',
    '{"atMs":1',
    'null',
    '[]',
    '{"atMs":"1","event":"x","reason":""}',
    '{"atMs":1e300,"event":"x","reason":""}',
  ])('passes over a damaged line: %s', (line) => {
    expect(parseHistoryLine(line)).toBeNull();
  });

  it('is asked by job and by time', () => {
    expect(isAskedFor(moved, { job: '1-3', sinceMs: moved.atMs })).toBe(true);
    expect(isAskedFor(moved, { job: '1-4', sinceMs: 0 })).toBe(false);
    expect(isAskedFor(moved, { job: null, sinceMs: moved.atMs + 1 })).toBe(false);
  });
});

describe('parseDuration', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['1.5h', 5_400_000],
    ['10m', 600_000],
    ['2d', 172_800_000],
    ['', null],
    ['-1', null],
    ['1w', null],
    ['m', null],
    ['1e9', null],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});
