import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { JobExit } from '../../../src/core/cluster-map.js';
import { guestKey, type GuestRecord } from '../../../src/daemon/guest/record.js';
import { Guests } from '../../../src/daemon/guest/registry.js';
import { isAlive, killTree, stopTree } from '../../../src/jobs/process-tree.js';
import { aSpec } from '../../job-spec-fixture.js';
import { exitOfJob, makeFolder, start, type TestJob } from '../../jobs/job-fixture.js';
import { pollUntil } from '../../poll-until.js';

const cluster = 'c0ffee00';
const waits = ['sh', '-c', 'while [ ! -e go ]; do sleep 0.05; done; exit 7'];

describe('the guests that an earlier mosd left', () => {
  let dir: string;
  let sequence: number;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'guests-'));
    sequence = 0;
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  function recordOf({ folder, process }: TestJob, change: Partial<GuestRecord>): GuestRecord {
    return {
      format: 1,
      job: `1-${++sequence}`,
      cluster,
      home: 1,
      you: 2,
      generation: 3,
      phase: 'running',
      spec: aSpec({ argv: waits }),
      jobsRoot: dirname(folder.dir),
      folder,
      carried: true,
      dirShared: false,
      process,
      move: null,
      userStopped: false,
      exit: null,
      startedAtMs: 1,
      ...change,
    };
  }

  /** A job that runs, with the record that a mosd wrote before it was killed. */
  async function left(change: Partial<GuestRecord> = {}): Promise<{ test: TestJob; record: GuestRecord }> {
    const test = await start(waits);
    const record = recordOf(test, change);
    const earlier = new Guests(dir, silent);
    await earlier.save(record);
    earlier.close();
    return { test, record };
  }

  /** The next mosd: what it has, what it tells. */
  async function adopt() {
    const lines: string[] = [];
    const ends: [string, JobExit][] = [];
    const guests = new Guests(dir, {
      write: (line) => lines.push(line),
      error: (e) => lines.push(String(e)),
    });
    onTestFinished(() => guests.close());
    guests.listen({ ended: ({ job }, exit) => ends.push([job, exit]) });
    await guests.adopt();
    return { guests, lines, ends };
  }

  const letGo = ({ folder }: TestJob): void => writeFileSync(join(folder.cwd, 'go'), '');
  const onDisk = (record: GuestRecord): string =>
    readFileSync(join(dir, guestKey(record.job, cluster), 'guest.json'), 'utf8');

  it('are none on the first start', async () => {
    rmSync(dir, { recursive: true });
    const { guests, lines } = await adopt();
    expect([guests.size, lines]).toEqual([0, []]);
  });

  it('run on, and their end is seen and written down', async () => {
    const { test, record } = await left();
    const { guests, ends } = await adopt();
    expect(guests.all()).toEqual([record]);
    expect(await isAlive(test.process)).toBe(true);
    letGo(test);
    await pollUntil(() => ends.length > 0);
    expect(ends).toEqual([[record.job, { kind: 'code', code: 7 }]]);
    expect(onDisk(record)).toContain('"phase": "ended"');
  });

  it('ran out while there was no mosd: the end is told now, with the status they had', async () => {
    const { test, record } = await left();
    letGo(test);
    await exitOfJob(test);
    const { ends } = await adopt();
    await pollUntil(() => ends.length > 0);
    expect(ends).toEqual([[record.job, { kind: 'code', code: 7 }]]);
  });

  it('were killed with everything that could have written it down: they end with an unknown status', async () => {
    const { test, record } = await left();
    await killTree(test.process);
    const { ends } = await adopt();
    await pollUntil(() => ends.length > 0);
    expect(ends).toMatchObject([[record.job, { kind: 'unknown' }]]);
  });

  it('had another process number taken by a stranger: the stranger is left alone', async () => {
    const { test: stranger } = await left();
    const gone = makeFolder();
    const { pid, startTicks, mode } = stranger.process;
    const record = recordOf(
      { folder: gone, process: { pid, startTicks: startTicks - 1, mode } },
      { job: '1-99' },
    );
    const earlier = new Guests(dir, silent);
    await earlier.save(record);
    earlier.close();
    const { ends } = await adopt();
    await pollUntil(() => ends.length > 0);
    expect(ends).toMatchObject([['1-99', { kind: 'unknown' }]]);
    expect(await isAlive(stranger.process)).toBe(true);
  });

  it('were prepared and had started: they run, and are not started a second time', async () => {
    const { test, record } = await left({ phase: 'prepared' });
    const { guests, ends } = await adopt();
    expect(guests.get(record.job, cluster)).toEqual({ ...record, phase: 'running' });
    letGo(test);
    await pollUntil(() => ends.length > 0);
    expect(ends[0]![1]).toEqual({ kind: 'code', code: 7 });
  });

  it('were prepared, had started and ran out meanwhile: the status they had is told', async () => {
    const { test, record } = await left({ phase: 'prepared' });
    letGo(test);
    await exitOfJob(test);
    const { ends } = await adopt();
    await pollUntil(() => ends.length > 0);
    expect(ends).toEqual([[record.job, { kind: 'code', code: 7 }]]);
  });

  it.each<[string, Partial<GuestRecord>]>([
    ['were prepared and had no process yet', { process: null }],
    ['were prepared for a move', { move: { generation: 3, driver: 'criu' } }],
  ])('%s: they wait as they are', async (_what, change) => {
    const { record } = await left({ phase: 'prepared', ...change });
    const { guests, ends } = await adopt();
    await looks();
    expect(guests.all()).toEqual([record]);
    expect(ends).toEqual([]);
  });

  it.each(['freezing', 'frozen', 'restored'] as const)(
    'were %s: they stand still until home says how the move ended',
    async (phase) => {
      const { test, record } = await left({ phase, move: { generation: 4, driver: 'criu' } });
      await stopTree(test.process);
      letGo(test);
      const { guests, ends } = await adopt();
      await looks();
      expect(guests.all()).toEqual([record]);
      expect(ends).toEqual([]);
      expect(await isAlive(test.process)).toBe(true);
    },
  );

  it('had ended: the status stays until home has collected it, and nothing is told twice', async () => {
    const exit = { kind: 'signal', signal: 'SIGTERM' } as const;
    const { test, record } = await left({ phase: 'ended', exit, process: null });
    const { guests, ends } = await adopt();
    await looks();
    expect(guests.all()).toEqual([record]);
    expect(ends).toEqual([]);
    expect(existsSync(test.folder.dir)).toBe(true);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['changed by a byte', (text: string) => text.replace('"generation": 3', '"generation": 4')],
    ['empty', () => ''],
    ['of a later format', () => JSON.stringify({ format: 2, job: '1-1' })],
    ['no record', () => '[]'],
  ])(
    'have a record that is %s: it is kept, the job left alone, the others taken over',
    async (_what, damage) => {
      const damaged = await left();
      const whole = await left();
      const path = join(dir, guestKey(damaged.record.job, cluster), 'guest.json');
      writeFileSync(path, damage(readFileSync(path, 'utf8')));
      const written = readFileSync(path);
      const { guests, lines, ends } = await adopt();
      expect(guests.all()).toEqual([whole.record]);
      expect(lines).toEqual([
        expect.stringMatching(
          /^guest 1-1\.c0ffee: its record is (damaged|of format 2, written by a newer moskit); left alone$/,
        ),
      ]);
      expect(await isAlive(damaged.test.process)).toBe(true);
      // Home must not take it for gone: it may run.
      expect(guests.unreadableOf(cluster)).toEqual([damaged.record.job]);
      expect(() => guests.get(damaged.record.job, cluster)).toThrow('record of job 1-1 is damaged');
      const kept = readdirSync(dirname(path)).map((name) => readFileSync(join(dirname(path), name)));
      expect(kept).toEqual([written]);
      letGo(whole.test);
      await pollUntil(() => ends.length > 0);
      expect(ends).toEqual([[whole.record.job, { kind: 'code', code: 7 }]]);
    },
  );

  it('are of two homes with the same job number: both are there', async () => {
    const one = await left({ job: '1-1' });
    const other = await left({ job: '1-1', cluster: 'beefbeef' });
    const { guests } = await adopt();
    expect(guests.get('1-1', cluster)).toEqual(one.record);
    expect(guests.get('1-1', 'beefbeef')).toEqual(other.record);
    expect(() => guests.get('1-1', 'deadbeef')).toThrow('this node has no job 1-1');
  });
});

const silent = { write: () => undefined, error: () => undefined };

/** Several rounds of the registry's watch. */
const looks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
