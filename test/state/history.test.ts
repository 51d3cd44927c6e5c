import { appendFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HistoryEvent } from '../../src/core/history.js';
import { createHistory, readHistory, type HistoryPlace } from '../../src/state/history.js';
import { tempFolder } from './temp-folder.js';

async function read(
  path: string,
  from: HistoryPlace | null = null,
): Promise<{ readonly events: readonly string[]; readonly place: HistoryPlace | null }> {
  const events: HistoryEvent[] = [];
  const reading = readHistory(path, from);
  for (;;) {
    const next = await reading.next();
    if (next.done) return { events: events.map(({ event }) => event), place: next.value };
    events.push(next.value);
  }
}

test('who follows it sees each event once, in the order of the file, though the clock is set back', async () => {
  const path = join(await tempFolder(), 'history.ndjson');
  let nowMs = 5_000_000;
  const history = createHistory(path, () => nowMs);
  history.add({ event: 'before', reason: 'größer als ein Byte' });
  const first = await read(path);
  expect(first.events).toEqual(['before']);
  nowMs = 1_000;
  history.add({ event: 'after', reason: '' });
  nowMs = 9_000_000;
  history.add({ event: 'later', reason: '' });
  const second = await read(path, first.place);
  expect(second.events).toEqual(['after', 'later']);
  expect(await read(path, second.place)).toEqual({ events: [], place: second.place });
});

test('a line that is being written is read when it is whole', async () => {
  const path = join(await tempFolder(), 'history.ndjson');
  const line = `${JSON.stringify({ atMs: 1, event: 'slow', reason: 'ü' })}\n`;
  await appendFile(path, line.slice(0, 12));
  const half = await read(path);
  expect(half.events).toEqual([]);
  await appendFile(path, line.slice(12));
  expect((await read(path, half.place)).events).toEqual(['slow']);
});

test('who follows it loses nothing when a new file is begun', async () => {
  const path = join(await tempFolder(), 'history.ndjson');
  const history = createHistory(path, () => 1);
  history.add({ event: 'one', reason: '' });
  const { place } = await read(path);
  history.add({ event: 'two', reason: '' });
  await rename(path, `${path}.1`);
  expect((await read(path, place)).events).toEqual(['two']);
  history.add({ event: 'three', reason: '' });
  expect((await read(path, place)).events).toEqual(['two', 'three']);
  expect((await read(path)).events).toEqual(['one', 'two', 'three']);
});
