import { execFileSync } from 'node:child_process';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emptyMap } from '../../src/core/map-empty.js';
import { MoskitError } from '../../src/errors.js';
import { openJournal, type Journal } from '../../src/state/journal.js';
import { loadJsonFile, saveJsonFile } from '../../src/state/json-file.js';
import { openMapStore, type MapStore } from '../../src/state/map-store.js';
import { canMount, smallDisk, tempFolder } from '../state/temp-folder.js';

interface Entry {
  readonly n: number;
  readonly text: string;
}

const diskKib = 256;
const long = 'x'.repeat(30_000);
const parseEntry = (value: unknown): Entry => value as Entry;
const changed = async (store: MapStore, address: string): Promise<void> =>
  store.update(
    (map) => ({
      ...map,
      config: { entries: [{ node: 1, address, count: 1, comment: long.slice(0, 4000) }] },
    }),
    {
      durable: true,
    },
  );

/** Answers whether it could be written, and how. */
async function outcome(write: Promise<void>): Promise<'written' | 'refused'> {
  try {
    await write;
    return 'written';
  } catch (error) {
    expect(error).toBeInstanceOf(MoskitError);
    expect(String(error)).toMatch(/ENOSPC|EROFS/);
    return 'refused';
  }
}

describe.runIf(canMount)('on a disk with less and less room (a tmpfs, root only)', () => {
  test('records, journals and the map have the old or the new, and leave nothing half written', async () => {
    const folder = await smallDisk(diskKib);
    const [record, journalPath, map] = ['job.json', 'journal', 'hpc.json'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const seen = new Set<string>();
    for (let fillKib = 4; fillKib < diskKib; fillKib += 4) {
      for (const name of await readdir(folder)) await rm(join(folder, name));
      await saveJsonFile(record, 'old', { durable: true });
      const journal: Journal<Entry> = await openJournal(journalPath, parseEntry);
      await journal.append({ n: 1, text: 'old' });
      const store = await openMapStore(map);
      await changed(store, 'old.example');
      await writeFile(join(folder, 'filler'), Buffer.alloc(fillKib * 1024)).catch(() => undefined);

      const saved = await outcome(saveJsonFile(record, `new ${long}`, { durable: true }));
      const appended = await outcome(journal.append({ n: 2, text: long }));
      const updated = await outcome(changed(store, 'new.example'));
      seen.add(saved).add(appended).add(updated);

      const loaded = await loadJsonFile(record);
      expect(loaded).toEqual({ kind: 'ok', value: saved === 'written' ? `new ${long}` : 'old' });
      const again = await openJournal(journalPath, parseEntry);
      expect(again.damage).toBeNull();
      expect(again.entries.map(({ n }) => n)).toEqual(appended === 'written' ? [1, 2] : [1]);
      const reopened = await openMapStore(map);
      expect(reopened.map.config.entries[0]?.address).toBe(
        updated === 'written' ? 'new.example' : 'old.example',
      );
      const names = (await readdir(folder)).filter((name) => name !== 'filler').sort();
      expect(names).toEqual(['hpc.json', 'hpc.json.durable', 'job.json', 'journal']);
    }
    expect([...seen].sort()).toEqual(['refused', 'written']);
  });
});

test.runIf(canMount)(
  'a disk that became read-only refuses in words, can be read, and goes on when it is back',
  async () => {
    const folder = await smallDisk(diskKib);
    const remount = (how: string): void => void execFileSync('mount', ['-n', '-o', `remount,${how}`, folder]);
    const journal: Journal<Entry> = await openJournal(join(folder, 'journal'), parseEntry);
    await journal.append({ n: 1, text: 'old' });
    await saveJsonFile(join(folder, 'job.json'), 'old', { durable: true });
    const store = await openMapStore(join(folder, 'hpc.json'));
    await changed(store, 'old.example');
    remount('ro');
    expect(await outcome(saveJsonFile(join(folder, 'job.json'), 'new', { durable: true }))).toBe('refused');
    expect(await outcome(journal.append({ n: 2, text: 'lost' }))).toBe('refused');
    expect(await outcome(changed(store, 'new.example'))).toBe('refused');
    expect(await loadJsonFile(join(folder, 'job.json'))).toEqual({ kind: 'ok', value: 'old' });
    expect((await openMapStore(join(folder, 'hpc.json'))).map.config.entries[0]?.address).toBe('old.example');
    remount('rw');
    await journal.append({ n: 3, text: 'new' });
    await changed(store, 'new.example');
    expect((await openJournal(join(folder, 'journal'), parseEntry)).entries.map(({ n }) => n)).toEqual([
      1, 3,
    ]);
    expect((await openMapStore(join(folder, 'hpc.json'))).map.config.entries[0]?.address).toBe('new.example');
  },
);

test('of many who write one record at the same time one wins, whole, and nobody reads half of it', async () => {
  const path = join(await tempFolder(), 'job.json');
  const values = Array.from({ length: 40 }, (_, n) => ({ n, text: String(n).repeat(5000) }));
  await saveJsonFile(path, values[0], { durable: false });
  const state = { isWriting: true };
  const reading = (async () => {
    let reads = 0;
    for (; state.isWriting; reads++) {
      const loaded = await loadJsonFile(path);
      expect(loaded.kind).toBe('ok');
      if (loaded.kind === 'ok') expect(values).toContainEqual(loaded.value);
    }
    return reads;
  })();
  await Promise.all(values.map((value, n) => saveJsonFile(path, value, { durable: n % 4 === 0 })));
  state.isWriting = false;
  expect(await reading).toBeGreaterThan(0);
  expect(await readdir(join(path, '..'))).toEqual(['job.json']);
});

test('a map that is damaged never is without a file: whoever starts next does not take it for removed', async () => {
  const path = join(await tempFolder(), 'hpc.json');
  const store = await openMapStore(path);
  await changed(store, 'n1.example');
  await appendFile(path, '}');
  const damaged = await readFile(path);
  const loaded = await loadJsonFile(path, { isReplaced: true });
  expect(loaded.kind).toBe('damaged');
  expect(await readFile(path)).toEqual(damaged);
  if (loaded.kind === 'damaged') expect(await readFile(loaded.keptAs)).toEqual(damaged);
  const again = await openMapStore(path);
  expect(again.loaded).toMatchObject({ kind: 'damaged', recovered: true });
  expect(again.map.config.entries[0]?.address).toBe('n1.example');
  expect(again.map.admin).toEqual(emptyMap().admin);
});
