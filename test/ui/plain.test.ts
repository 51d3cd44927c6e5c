import { expect, test } from 'vitest';
import { plainSnapshot } from '../../src/ui/plain.js';
import { aJob, aNode, aSnapshot, sixNodes } from './cluster-fixture.js';

test('a snapshot as text is a table of nodes, one of jobs, and the totals', () => {
  const jobs = [aJob(1, { where: 3, nmigs: 2 }), aJob(2, { state: 'moving', moving: { to: 6, step: 'x' } })];
  expect(plainSnapshot(aSnapshot(sixNodes(), jobs), true).join('\n')).toMatchInlineSnapshot(`
    "NODE  NAME  STATE         LOAD  UTIL  SPEED  CPUS     USED    TOTAL  GUESTS  REMARK
       1  pc-1  up            1.42  100%  10000     2  5.0 GiB  8.0 GiB       0
       2  pc-2  up            0.97   98%  10000     2  3.0 GiB  8.0 GiB       0
       3  pc-3  up            0.51   60%  21500     4  3.0 GiB  8.0 GiB       0
       4  pc-4  DEAD             -     -      -     -        -        -       -  no route to host
       5  pc-5  monitor-only  0.03    2%  10000     2  3.0 GiB  8.0 GiB       0
       6  pc-6  up            0.00    0%  10000     2    0 KiB  8.0 GiB       0

    JOB   PID  WHERE  STATE    NMIGS   CPU     RSS  COMMAND
    1-1  4001      3  running      2  100%  34 MiB  sha256sum file-1
    1-2  4002   1->6  moving       0  100%  34 MiB  sha256sum file-2

    nodes 5/6, 12 cpus, mean load 0.59, 2 jobs, 1 away"
  `);
});

test('it has no control character, whatever names and commands hold', () => {
  const nodes = [aNode(1, { name: 'pc\u001b[31m', state: 'down', problem: 'no\u0007 route\nat all' })];
  const text = plainSnapshot(aSnapshot(nodes, [aJob(1, { command: 'a\u001b[2J\nb' })]), true).join('\n');
  expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(text.split('\n')).toHaveLength(7);
});

test('without jobs there is no table of them', () => {
  expect(plainSnapshot(aSnapshot([aNode(1)]), true)).toHaveLength(4);
});
