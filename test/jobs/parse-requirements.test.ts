import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { parseRequirements } from '../../src/jobs/parse-requirements.js';

const good = {
  driver: 'criu',
  arch: 'x64',
  rssKib: 100,
  criuVersion: 40101,
  cpuFlags: ['sse2'],
  files: [{ path: '/bin/sh', size: 10, id: 'ab' }],
  folders: ['/usr'],
  pids: [5],
  ownClock: true,
  dir: '/jobs/1-1',
} as const;

it('what a probe made comes through as it is', () => {
  expect(parseRequirements(JSON.parse(JSON.stringify(good)))).toEqual(good);
});

it.each([
  ['driver', 'fly'],
  ['arch', 5],
  ['rssKib', '5'],
  ['criuVersion', 'new'],
  ['cpuFlags', 'sse2'],
  ['files', [{ path: 'relative', size: 1, id: 'x' }]],
  ['files', [{ path: '/a\0b', size: 1, id: 'x' }]],
  ['folders', [1]],
  ['pids', ['../1']],
  ['pids', [-1]],
  ['dir', 'jobs'],
])('%s: %j is refused', (name, value) => {
  expect(() => parseRequirements({ ...good, [name]: value })).toThrow(ProtocolError);
});

it('garbage never comes through', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(() => parseRequirements(value)).toThrow(ProtocolError);
    }),
  );
});
