import { expect, test } from 'vitest';
import { totalsOf } from '../../src/ui/totals.js';
import { aJob, aNode, aSnapshot, sixNodes } from './cluster-fixture.js';

test('totals count nodes that answer, and jobs that live', () => {
  const jobs = [
    aJob(1, { where: 2 }),
    aJob(2, { where: 3, state: 'moving' }),
    aJob(3),
    aJob(4, { where: 2, state: 'done' }),
    aJob(5, { where: 2, state: 'lost' }),
  ];
  expect(totalsOf(aSnapshot(sixNodes(), jobs))).toMatchObject({
    nodes: 6,
    operational: 5,
    monitorOnly: 1,
    cpus: 12,
    jobs: 3,
    away: 2,
    moving: 1,
  });
});

test('the mean load is that of the nodes that answer; an old report of a dead one does not count', () => {
  const nodes = [
    aNode(1, {}, { load: 100 }),
    aNode(2, {}, { load: 50 }),
    aNode(3, { state: 'down' }, { load: 900 }),
  ];
  expect(totalsOf(aSnapshot(nodes)).meanLoad).toBe(75);
  expect(totalsOf(aSnapshot([])).meanLoad).toBe(0);
});
