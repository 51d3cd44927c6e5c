import { describe, expect, test } from 'vitest';
import { highestOf, isStale, readingOf } from '../../src/ui/views.js';
import { aDeadNode, aNode } from './cluster-fixture.js';

const gib = 1024 * 1024;
const node = aNode(
  1,
  {},
  { load: 142, speed: 12_400, util: 61.4, mem: 5 * gib, rmem: 3 * gib, tmem: 8 * gib },
);

describe('what a bar shows', () => {
  test('load in units of a standard processor', () => {
    expect(readingOf('load', node)).toMatchObject({ value: 142, label: '1.42' });
    expect(readingOf('logLoad', node)).toMatchObject({ value: 142, label: '1.42' });
  });
  test('memory: logically and physically used, up to the total', () => {
    expect(readingOf('memory', node)).toMatchObject({ value: 3 * gib, total: 8 * gib, label: '3.0/8.0' });
    expect(readingOf('rawMemory', node)).toMatchObject({ value: 5 * gib, total: 8 * gib });
    const small = aNode(1, {}, { mem: 300 * 1024, tmem: 512 * 1024 });
    expect(readingOf('memory', small)).toMatchObject({ label: '212/512' });
  });
  test('speed and processor use', () => {
    expect(readingOf('speed', node)).toMatchObject({ value: 12_400, label: '12400' });
    expect(readingOf('util', node)).toMatchObject({ value: 61.4, label: '61%' });
  });
  test('a node that is down is dead even with an old report; one without a report is waited for', () => {
    expect(readingOf('load', aNode(1, { state: 'down' })).kind).toBe('dead');
    expect(readingOf('load', aNode(1, { state: 'connecting', report: null })).kind).toBe('waiting');
    expect(readingOf('load', aNode(1, { state: 'monitor-only' })).kind).toBe('value');
  });
  test('the axis reaches the highest of all, totals too, and never less than one standard load', () => {
    expect(highestOf('load', [aNode(1, {}, { load: 3 }), aDeadNode(2)])).toBe(100);
    expect(highestOf('load', [node, aNode(2, {}, { load: 900 })])).toBe(900);
    expect(highestOf('memory', [node])).toBe(8 * gib);
  });
  test('a report is stale after a few seconds', () => {
    expect(isStale({ ageMs: 1_200 })).toBe(false);
    expect(isStale({ ageMs: 4_000 })).toBe(true);
    expect(isStale({ ageMs: null })).toBe(false);
  });
});
