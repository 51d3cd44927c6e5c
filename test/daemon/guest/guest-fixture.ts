import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { NodeReport } from '../../../src/core/cluster-map.js';
import { ChannelTickets } from '../../../src/daemon/channel-tickets.js';
import { OutputGate } from '../../../src/daemon/guest/output-gate.js';
import type { GuestRecord } from '../../../src/daemon/guest/record.js';
import { Guests, type HomeIdentity } from '../../../src/daemon/guest/registry.js';
import type { GuestContext } from '../../../src/daemon/guest/service.js';
import { createWarden } from '../../../src/daemon/guest/warden.js';
import { bootOf } from '../../../src/daemon/up-time.js';
import { aSpec } from '../../job-spec-fixture.js';
import type { TestJob } from '../../jobs/job-fixture.js';

export const home: HomeIdentity = { cluster: 'c0ffee00', home: 1 };
const program = new URL('../../../dist/moskit.mjs', import.meta.url).pathname;

export interface TestNode {
  /** Its state folder. */
  readonly dir: string;
  readonly events: { readonly event: string; readonly reason?: string | undefined }[];
  readonly lines: string[];
  /** As a mosd that has just been started has it. */
  context(): Promise<GuestContext>;
}

/** A node without its mosd around: what serves guests, in a folder of its own. */
export function aNode(): TestNode {
  const dir = mkdtempSync(join(tmpdir(), 'node-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const events: TestNode['events'][number][] = [];
  const lines: string[] = [];
  const log = { write: (line: string) => lines.push(line), error: (e: unknown) => lines.push(String(e)) };
  const history = { add: (event: TestNode['events'][number]) => void events.push(event) };
  return {
    dir,
    events,
    lines,
    context: async () => {
      const guests = new Guests(join(dir, 'guests'), log);
      onTestFinished(() => guests.close());
      await guests.adopt();
      return {
        guests,
        output: new OutputGate(guests, history),
        tickets: new ChannelTickets(),
        log: log,
        history: history,
        keptDir: join(dir, 'kept'),
        warden: createWarden({
          guestsDir: join(dir, 'guests'),
          historyPath: join(dir, 'history.ndjson'),
          program,
          log: log,
        }),
        report: () => ({}) as NodeReport,
        isOwn: () => false,
        serveTool: () => Promise.reject(new Error('no tools here')),
        arrived: () => undefined,
      };
    },
  };
}

let sequence = 0;

/** The record of a job that runs. */
export function recordOf({ folder, process }: TestJob, change: Partial<GuestRecord> = {}): GuestRecord {
  return {
    format: 1,
    job: `1-${++sequence}`,
    cluster: home.cluster,
    home: home.home,
    you: 2,
    generation: 3,
    phase: 'running',
    spec: aSpec(),
    jobsRoot: dirname(folder.dir),
    folder,
    carried: true,
    dirShared: false,
    process,
    move: null,
    userStopped: false,
    exit: null,
    boot: bootOf(),
    startedAtMs: 1,
    ...change,
  };
}
