import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, expect, it } from 'vitest';
import { OutputGate } from '../../../src/daemon/guest/output-gate.js';
import type { GuestRecord } from '../../../src/daemon/guest/record.js';
import { Guests } from '../../../src/daemon/guest/registry.js';
import type { GuestContext } from '../../../src/daemon/guest/service.js';
import { guestStreams } from '../../../src/daemon/guest/streams.js';
import { aSpec } from '../../job-spec-fixture.js';

const home = { cluster: '0123456789abcdef', home: 1 };

it('input that ends after the job has ended breaks nothing: its exit status still comes home', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'moskit-streams-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['stdout', 'stderr', 'stdin.data']) await writeFile(join(folder, name), '');
  const guests = new Guests(join(folder, 'guests'), { write: () => undefined, error: () => undefined });
  const record = endedGuest(folder);
  await guests.save(record);
  const output = new OutputGate(guests, { add: () => undefined });
  const context = { guests, output } as unknown as GuestContext;

  const streams = guestStreams(context, home, record.job, { stdout: 0, stderr: 0 });
  await streams.endStdin(0);
  expect((await streams.ended).exit).toEqual({ kind: 'code', code: 7 });
});

function endedGuest(dir: string): GuestRecord {
  return {
    format: 1,
    job: '1-1',
    ...home,
    you: 2,
    generation: 1,
    phase: 'ended',
    spec: aSpec({ argv: ['true'], stdin: 'stream' }),
    jobsRoot: dir,
    folder: { dir, cwd: dir },
    carried: false,
    dirShared: false,
    process: null,
    move: null,
    userStopped: false,
    exit: { kind: 'code', code: 7 },
    startedAtMs: 0,
  };
}
