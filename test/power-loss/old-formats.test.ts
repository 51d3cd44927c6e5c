import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Guests } from '../../src/daemon/guest/registry.js';
import { HomeStore } from '../../src/daemon/home/store.js';
import { loadCheckpoints } from '../../src/daemon/home/checkpoint-store.js';
import type { Log } from '../../src/daemon/log.js';
import { formatSealed } from '../../src/state/sealed-json.js';
import { readHistory } from '../../src/state/history.js';
import { tempFolder } from '../state/temp-folder.js';
import { formats } from './formats.js';

/** Younger than these folders: the record of an image has its own test below, the others are one bare value. */
const younger: ReadonlySet<string> = new Set(['record of an image', 'key of the MACs of images', 'lease']);

/** Files as versions of earlier wrote them. They stay for ever; a new form gets a new folder. */
test.each(['plain', 'sealed'])('every file of the form %s loads as what it was', async (form) => {
  const source = new URL(`../../fixtures/records/${form}`, import.meta.url).pathname;
  for (const format of formats) {
    if (format.file === 'tree' || format.name.includes('before') || younger.has(format.name)) continue;
    const folder = await tempFolder();
    await cp(source, folder, { recursive: true });
    await rm(join(folder, 'hpc.json.durable'), { force: true });
    const loaded = await format.load(folder);
    if (format.file.endsWith('journal')) expect(JSON.parse(loaded ?? '')).toHaveLength(4);
    else if (format.name.startsWith('record of a job'))
      expect(JSON.parse(loaded ?? '')).toMatchObject({ job: '1-41' });
    else expect(format.accepts(loaded ?? 'damaged', 'cut'), format.name).toBe(true);
  }
});

const sealed = new URL('../../fixtures/records/sealed', import.meta.url).pathname;

test('the history and the records of images load as what they were', async () => {
  const events = [];
  for await (const event of readHistory(join(sealed, 'history.ndjson'))) events.push(event);
  expect(events).toEqual([
    { atMs: 1_700_000_000_000, event: 'up', node: 2, reason: '' },
    {
      atMs: 1_700_000_001_000,
      event: 'moved',
      job: '1-41',
      generation: 2,
      node: 2,
      to: 3,
      reason: 'asked, criu',
    },
  ]);
  const folder = await tempFolder();
  await cp(sealed, folder, { recursive: true });
  expect(await loadCheckpoints(join(folder, 'homes', '1-41'))).toMatchObject([
    { sequence: 7, generation: 2, keeper: 3, output: { stdout: 4711, stderr: 17 } },
  ]);
});

test.each([
  ['a job', 'homes/1-41', 'job.json'],
  ['a guest', 'guests/1-41.012345', 'guest.json'],
])('the record of %s in a newer format is said to be one, and stays as it is', async (_, dir, name) => {
  const folder = await tempFolder();
  const lines: string[] = [];
  const log: Log = { write: (line) => lines.push(line), error: (error) => lines.push(String(error)) };
  await cp(sealed, folder, { recursive: true });
  const path = join(folder, dir, name);
  const newer = formatSealed({ format: 2, job: '1-41', unheard: 'of' });
  await writeFile(path, newer);
  const names = await readdir(join(folder, dir));
  expect(await new HomeStore(join(folder, 'homes'), log).load()).toHaveLength(
    dir.startsWith('homes') ? 0 : 1,
  );
  const guests = new Guests(join(folder, 'guests'), log);
  await guests.adopt();
  guests.close();
  expect(lines.join('\n')).toContain('is of format 2, written by a newer moskit; left alone');
  expect(await readFile(path, 'utf8')).toBe(newer);
  expect(await readdir(join(folder, dir))).toEqual(names);
});

test('a record of one form is never taken for one of the other', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'identity'), '{"crc":"00000000","value":"0123456789abcdef"}\n');
  const identity = formats.find(({ file }) => file === 'identity')!;
  expect(await identity.load(folder)).toBeNull();
});
