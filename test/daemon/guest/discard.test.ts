import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { discard } from '../../../src/daemon/guest/moves.js';
import { Guests } from '../../../src/daemon/guest/registry.js';
import type { GuestContext } from '../../../src/daemon/guest/service.js';
import { aSpec } from '../../job-spec-fixture.js';

const home = { cluster: '0123456789abcdef', home: 1 };

it.each([
  { keepDir: true, isThere: true },
  { keepDir: false, isThere: false },
])('what a start that broke off has left goes, its folder with keepDir $keepDir: $isThere', async (given) => {
  const root = await mkdtemp(join(tmpdir(), 'moskit-discard-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const dir = join(root, 'job');
  await mkdir(dir);
  const guests = new Guests(join(root, 'guests'), { write: () => undefined, error: () => undefined });
  const record = await guests.save({
    format: 1,
    job: '1-1',
    ...home,
    you: 2,
    generation: 1,
    phase: 'prepared',
    spec: aSpec({ argv: ['true'] }),
    jobsRoot: root,
    folder: { dir, cwd: root },
    carried: false,
    dirShared: false,
    process: null,
    move: null,
    userStopped: false,
    exit: null,
    startedAtMs: 0,
  });
  const context = { guests } as unknown as GuestContext;
  await discard(context, home, { job: record.job, generation: 1, keepDir: given.keepDir });
  expect(guests.find(record.job, home.cluster)).toBeUndefined();
  expect(existsSync(dir)).toBe(given.isThere);
});
