import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseProcessMaps } from '../../../src/core/proc/process-maps.js';
import { captureText, virtualMachine } from './fixtures.js';

test('reads files, anonymous memory and the kernel’s own areas', () => {
  const maps = parseProcessMaps(captureText(virtualMachine, 'proc/300/maps'));
  expect(maps[1]).toEqual({
    start: '55da912a6000',
    end: '55da912ab000',
    permissions: 'r-xp',
    offset: '00002000',
    device: 'fe:00',
    inode: 260875,
    path: '/usr/bin/sleep',
    deleted: false,
  });
  expect(maps.filter(({ path }) => path === '').every(({ inode }) => inode === 0)).toBe(true);
  expect(maps.map(({ path }) => path)).toContain('[vvar_vclock]');
  expect(maps.find(({ permissions }) => permissions.endsWith('s'))?.path).toMatch(/gconv-modules\.cache$/);
});

test('tells a file that was removed from one whose name ends so', () => {
  const line = '7f00-7f01 rw-s 00000000 00:1a 44                         /dev/shm/a b (deleted)';
  expect(parseProcessMaps(line)).toMatchObject([{ path: '/dev/shm/a b', deleted: true }]);
  expect(parseProcessMaps(line.replace(' (deleted)', '(deleted)'))).toMatchObject([
    { path: '/dev/shm/a b(deleted)', deleted: false },
  ]);
});

test('a newline in a name is whole again', () => {
  expect(parseProcessMaps('7f00-7f01 r--p 00000000 00:1a 44      /tmp/a\\012b')).toMatchObject([
    { path: '/tmp/a\nb' },
  ]);
});

test('reads every line of our own', () => {
  const text = readFileSync('/proc/self/maps', 'utf8');
  expect(parseProcessMaps(text)).toHaveLength(text.trimEnd().split('\n').length);
});
