import type { MoveStep } from '../../src/core/relocation.js';
import type { MoveRequirements } from '../../src/jobs/driver.js';
import type { Manifest } from '../../src/jobs/staging/manifest.js';

export const moveSteps: readonly MoveStep[] = [
  {
    step: 'begin',
    generation: 2,
    from: 1,
    to: 2,
    driver: 'criu',
    why: 'balance the load',
    dirShared: false,
    atMs: 1_700_000_000_000,
  },
  { step: 'commit', generation: 2, atMs: 1_700_000_001_000 },
  { step: 'done', generation: 2, frozenMs: 800, bytes: 123_456, atMs: 1_700_000_002_000 },
  { step: 'abort', generation: 3, reason: 'node 2 went away', atMs: 1_700_000_003_000 },
];

const times = { mtimeNs: '1700000000000000000', ctimeNs: '1700000000000000001' };

export const aManifest: Manifest = {
  format: 1,
  listedAtNs: '1700000000000000002',
  entries: [
    { path: 'results', type: 'dir', mode: 0o755, size: 0, ...times },
    { path: 'results/a.csv', type: 'file', mode: 0o644, size: 17, dataBytes: 17, ...times },
    { path: 'latest', type: 'symlink', mode: 0o777, size: 0, linkTarget: 'results/a.csv', ...times },
    { path: 'pipe', type: 'fifo', mode: 0o600, size: 0, ...times },
  ],
  skipped: [{ path: 'socket', reason: 'it is a socket' }],
  bytes: 17,
};

export const aRequirement: MoveRequirements = {
  driver: 'criu',
  arch: 'x64',
  cpuFlags: ['sse2', 'avx2'],
  files: [{ path: '/usr/bin/python3', size: 5_900_000, id: 'sha256:00ff' }],
  folders: ['/usr/lib'],
  dir: '/var/tmp/moskit-0/1-7',
  ownClock: true,
  rssKib: 40_000,
  pids: [4711, 4712],
  criuVersion: 40_000,
};
