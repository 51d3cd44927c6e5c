import { once } from 'node:events';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pollUntil } from '../../fixtures/lab/poll.js';
import type { ClusterMap } from '../../src/core/cluster-map.js';
import { emptyMap } from '../../src/core/map-empty.js';
import { openMapStore } from '../../src/state/map-store.js';
import { bundleProgram, startProgram } from './run-program.js';
import { tempFolder } from './temp-folder.js';

const clock = { nowMs: () => Date.UTC(2030, 0, 2, 3, 4, 5) };
const never = { readingsIntervalMs: 3_600_000 };

const withNode =
  (address: string) =>
  (map: ClusterMap): ClusterMap => ({
    ...map,
    config: { entries: [...map.config.entries, { node: map.config.entries.length + 1, address, count: 1 }] },
  });
const withReading =
  (rssKib: number) =>
  (map: ClusterMap): ClusterMap => ({
    ...map,
    remote: { '2-1': { job: '2-1', from: 2, pid: 7, cpu: 1, rssKib, command: 'x' } },
  });

async function newPath(): Promise<string> {
  return join(await tempFolder(), 'hpc.json');
}

async function readMap(path: string): Promise<ClusterMap> {
  return JSON.parse(await readFile(path, 'utf8')) as ClusterMap;
}

describe('openMapStore', () => {
  test('starts empty where there is no map, and writes nothing yet', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock);
    expect(store.loaded).toEqual({ kind: 'missing' });
    expect(store.map).toEqual(emptyMap());
    await store.close();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  test('a durable change is in the file when it resolves, and there at the next start', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock);
    await store.update(withNode('n1'), { durable: true });
    expect((await readMap(path)).config.entries).toEqual([{ node: 1, address: 'n1', count: 1 }]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await openMapStore(path, clock);
    expect(again.loaded).toEqual({ kind: 'ok' });
    expect(again.map).toEqual(store.map);
  });

  test('changes that are asked for at once all count', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock);
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => store.update(withNode(`n${n}`), { durable: true })),
    );
    expect((await readMap(path)).config.entries.map(({ node }) => node)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
  });

  test('readings count at once, and many of them are one write', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock, { readingsIntervalMs: 60 });
    await store.update(withNode('n1'), { durable: true });
    const before = (await stat(path)).ino;
    for (let n = 1; n <= 50; n++) await store.update(withReading(n), { durable: false });
    expect(store.map.remote['2-1']?.rssKib).toBe(50);
    expect((await stat(path)).ino).toBe(before);
    await pollUntil('the readings', async () => ((await readMap(path)).remote['2-1'] ? true : undefined));
    expect((await readMap(path)).remote['2-1']?.rssKib).toBe(50);
  });

  test('close writes the readings that wait', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock, never);
    await store.update(withReading(5), { durable: false });
    await store.close();
    expect((await readMap(path)).remote['2-1']?.rssKib).toBe(5);
  });

  test('readings that come during a durable change are not lost', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock, never);
    const change = { isDone: false };
    const changing = store.update(withNode('n1'), { durable: true }).finally(() => (change.isDone = true));
    let readings = 0;
    for (; !change.isDone; readings++) {
      await store.update(withReading(readings), { durable: false });
      await new Promise(setImmediate);
    }
    await changing;
    expect(readings).toBeGreaterThan(2);
    expect(store.map.remote['2-1']?.rssKib).toBe(readings - 1);
    expect(store.map.config.entries).toHaveLength(1);
  });

  test('a change that the map would refuse to read is not written and did not happen', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock);
    await store.update(withNode('n1'), { durable: true });
    await expect(store.update(withNode('127.0.0.1'), { durable: true })).rejects.toThrow(
      /the map would be damaged: config\.entries\[1\]\.address: 127\.0\.0\.1/,
    );
    expect(store.map.config.entries).toHaveLength(1);
    await store.update(withNode('n2'), { durable: true });
    expect((await readMap(path)).config.entries).toHaveLength(2);
  });
});

describe('a damaged map', () => {
  test('is kept aside with its problems; topology and admin come back from the last durable change', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock, never);
    await store.update(withNode('n1'), { durable: true });
    await store.update(withReading(3), { durable: false });
    await store.close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length / 2));
    const again = await openMapStore(path, clock, never);
    expect(again.loaded).toMatchObject({
      kind: 'damaged',
      recovered: true,
      keptAs: `${path}.damaged-20300102T030405Z`,
    });
    expect(again.map.config.entries).toEqual([{ node: 1, address: 'n1', count: 1 }]);
    expect(again.map.remote).toEqual({});
    expect(await readFile(`${path}.damaged-20300102T030405Z`)).toEqual(bytes.subarray(0, bytes.length / 2));
    expect((await openMapStore(path, clock)).loaded).toEqual({ kind: 'ok' });
  });

  test('cut off at any byte, it is either whole or recovered', async () => {
    const path = await newPath();
    const store = await openMapStore(path, clock);
    await store.update(withNode('n1'), { durable: true });
    const bytes = await readFile(path);
    for (let length = 0; length < bytes.length; length += 7) {
      await writeFile(path, bytes.subarray(0, length));
      const again = await openMapStore(path, clock);
      expect(again.loaded).toMatchObject({ kind: 'damaged', recovered: true });
      expect(again.map.config.entries).toHaveLength(1);
    }
  });

  test('without a copy the map is empty, and the damaged one still there to be mended', async () => {
    const path = await newPath();
    await writeFile(path, '{"format": 1, "config": {"entries": [{"node": 0, "address": "n1"}]}}');
    const store = await openMapStore(path, clock);
    expect(store.loaded).toMatchObject({
      kind: 'damaged',
      recovered: false,
      problems: ['config.entries[0].node: node number 0 is not between 1 and 65535'],
    });
    expect(store.map).toEqual(emptyMap());
  });

  test('one of a newer version is no damaged one: it is left as it is', async () => {
    const path = await newPath();
    await writeFile(path, '{"format": 2}');
    await expect(openMapStore(path, clock)).rejects.toThrow(/format: is 2, written by a newer moskit/);
    expect(await readdir(join(path, '..'))).toEqual(['hpc.json']);
    expect(await readFile(path, 'utf8')).toBe('{"format": 2}');
  });

  test('who removes the map gets an empty one, not the copy', async () => {
    const path = await newPath();
    await (await openMapStore(path, clock)).update(withNode('n1'), { durable: true });
    const { rm } = await import('node:fs/promises');
    await rm(path);
    expect((await openMapStore(path, clock)).map).toEqual(emptyMap());
    await writeFile(path, 'damaged');
    expect((await openMapStore(path, clock)).loaded).toMatchObject({ recovered: false });
  });
});

describe('an edit while the map is open', () => {
  async function edit(path: string, text: string): Promise<void> {
    await writeFile(path, text);
    await utimes(path, new Date(), new Date(Date.now() + 5000)); // even where the clock of files is coarse
  }

  test('counts: it is not overwritten by the next reading', async () => {
    const path = await newPath();
    const edits: ClusterMap[] = [];
    const store = await openMapStore(path, clock, { ...never, onEdit: ({ edited }) => edits.push(edited) });
    await store.update(withNode('n1'), { durable: true });
    const map = await readMap(path);
    await edit(path, JSON.stringify({ ...map, admin: { ...map.admin, lstay: 1 } }));
    await store.update(withReading(3), { durable: false });
    await store.flush();
    expect(edits).toHaveLength(1);
    expect(store.map.admin.lstay).toBe(1);
    expect(await readMap(path)).toMatchObject({ admin: { lstay: 1 }, remote: { '2-1': { rssKib: 3 } } });
  });

  test.each([
    ['made after the clock was set back', () => new Date(Date.UTC(2001, 0))],
    ['that leaves the time and the size as they were', (time: Date) => time],
  ])('counts too when %s', async (_, timeOf) => {
    const path = await newPath();
    await (await openMapStore(path, clock, never)).update(withNode('n1'), { durable: true });
    const time = new Date(Date.UTC(2029, 0));
    await utimes(path, time, time);
    const store = await openMapStore(path, clock, never);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"lstay": 0', '"lstay": 1'));
    await utimes(path, time, timeOf(time));
    await store.update(withReading(4), { durable: false });
    await store.flush();
    expect(store.map.admin.lstay).toBe(1);
  });

  test('that can’t be read is kept aside and reported', async () => {
    const path = await newPath();
    const problems: string[] = [];
    const store = await openMapStore(path, clock, {
      ...never,
      onProblem: (message) => problems.push(message),
    });
    await store.update(withNode('n1'), { durable: true });
    await edit(path, '{ "format": 1, ');
    await store.update(withNode('n2'), { durable: true });
    expect(problems).toEqual([expect.stringContaining('line 1, column 16') as string]);
    expect(await readFile(`${path}.damaged-20300102T030405Z`, 'utf8')).toBe('{ "format": 1, ');
    expect((await readMap(path)).config.entries).toHaveLength(2);
  });
});

test('whatever moment its writer is killed at, the map is whole and has all that was promised', async () => {
  const path = await newPath();
  const code = await bundleProgram('change-map');
  let promised = -1;
  for (let round = 0; round < 8; round++) {
    const writer = await startProgram(dirname(path), code, [path]);
    let said = '';
    writer.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await pollUntil('some changes', () => (said.split('\n').length > 3 + round * 3 ? true : undefined));
    writer.kill('SIGKILL');
    await once(writer, 'close');
    promised = Number(said.trimEnd().split('\n').at(-1));
    const store = await openMapStore(path, clock);
    expect(store.loaded).toEqual({ kind: 'ok' });
    expect(store.map.admin.maxguests).toBeGreaterThanOrEqual(promised);
  }
  expect(promised).toBeGreaterThan(20);
});
