import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { HomeRecord } from '../../../src/daemon/home/record.js';
import { HomeStore } from '../../../src/daemon/home/store.js';
import { createLog } from '../../../src/daemon/log.js';
import { aSpec } from '../../job-spec-fixture.js';
import { tempFolder } from '../../state/temp-folder.js';

function aRecord(job: string): HomeRecord {
  return {
    format: 1,
    job,
    spec: aSpec(),
    jobsRoot: '/var/tmp/moskit-0',
    carried: false,
    start: { where: 2, generation: 1 },
    phase: 'running',
    detached: true,
    lock: false,
    userStopped: false,
    lastMove: null,
    exit: null,
    messages: '',
    notices: [],
    delivered: { stdout: 0, stderr: 0 },
    startedAtMs: 1,
    endedAtMs: null,
  };
}

function openStore(dir: string): { readonly store: HomeStore; readonly log: readonly string[] } {
  const log: string[] = [];
  return {
    store: new HomeStore(
      dir,
      createLog(
        (text) => log.push(text),
        () => new Date(0),
      ),
    ),
    log,
  };
}

it('no number is given twice: not after a restart, a removed job, or a lost sequence file', async () => {
  const dir = await tempFolder();
  const first = openStore(dir).store;
  await first.load();
  expect([await first.nextJob(1), await first.nextJob(1)]).toEqual(['1-1', '1-2']);
  await first.remove('1-2');
  const second = openStore(dir).store;
  await second.load();
  expect(await second.nextJob(1)).toBe('1-3');
  writeFileSync(join(dir, 'sequence'), 'rubbish');
  const third = openStore(dir).store;
  await third.load();
  expect(await third.nextJob(1)).toBe('1-1004'); // numbers of jobs that were removed may have been higher
});

it('a job comes back with its record and its journal', async () => {
  const dir = await tempFolder();
  const { store } = openStore(dir);
  await store.load();
  const job = await store.nextJob(1);
  await store.save(aRecord(job));
  await (await store.openJournal(job)).append({ step: 'commit', generation: 2, atMs: 5 });
  const [loaded] = await openStore(dir).store.load();
  expect(loaded?.record).toEqual(aRecord(job));
  expect(loaded?.journal.entries).toEqual([{ step: 'commit', generation: 2, atMs: 5 }]);
});

it('a damaged record is left alone and told, and keeps nobody else from loading', async () => {
  const dir = await tempFolder();
  const { store } = openStore(dir);
  await store.load();
  const good = await store.nextJob(1);
  await store.save(aRecord(good));
  for (const [job, text] of [
    ['1-8', '{"format":1,'],
    ['1-9', '{"format":99}'],
  ] as const) {
    await mkdir(join(dir, job));
    writeFileSync(join(dir, job, 'job.json'), text);
  }
  const again = openStore(dir);
  expect((await again.store.load()).map(({ record }) => record.job)).toEqual([good]);
  expect(again.log.join('')).toMatch(/job 1-8: its record is damaged; left alone/);
  expect(readFileSync(join(dir, '1-9', 'job.json'), 'utf8')).toBe('{"format":99}');
  expect(await again.store.nextJob(1)).toBe('1-10');
});

it('a job whose journal lost an entry is left alone, at every start; one whose last append broke off goes on', async () => {
  const dir = await tempFolder();
  const { store } = openStore(dir);
  await store.load();
  const [lost, torn] = [await store.nextJob(1), await store.nextJob(1)];
  for (const job of [lost, torn]) {
    await store.save(aRecord(job));
    const journal = await store.openJournal(job);
    await journal.append({ step: 'commit', generation: 2, atMs: 5 });
    await journal.append({ step: 'commit', generation: 3, atMs: 6 });
  }
  const pathOf = (job: string): string => join(dir, job, 'journal');
  const whole = readFileSync(pathOf(lost), 'utf8');
  writeFileSync(pathOf(lost), whole.replace('"generation":3', '"generation":8'));
  writeFileSync(pathOf(torn), whole.slice(0, -7));
  for (let start = 0; start < 2; start++) {
    const again = openStore(dir);
    const loaded = await again.store.load();
    expect(loaded.map(({ record }) => record.job)).toEqual([torn]);
    expect([...again.store.damaged]).toEqual([lost]);
    expect(again.log.join('')).toMatch(`job ${lost}: line 2 of its journal: its checksum is wrong`);
    expect(loaded[0]?.journal.entries).toEqual([{ step: 'commit', generation: 2, atMs: 5 }]);
  }
});
