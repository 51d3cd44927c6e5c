import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadJsonFile, saveJsonFile } from '../../src/state/json-file.js';
import { tempFolder } from './temp-folder.js';

const nowMs = Date.UTC(2030, 0, 2, 3, 4, 5, 678);

describe('loadJsonFile', () => {
  test('gives back what was saved', async () => {
    const path = join(await tempFolder(), 'file.json');
    const value = { a: [1, 'ü', null], b: {} };
    await saveJsonFile(path, value, { durable: true });
    expect(await loadJsonFile(path)).toEqual({ kind: 'ok', value });
  });

  test('a missing file is missing, also in a missing folder', async () => {
    const folder = await tempFolder();
    expect(await loadJsonFile(join(folder, 'x'))).toEqual({ kind: 'missing' });
    expect(await loadJsonFile(join(folder, 'y', 'x'))).toEqual({ kind: 'missing' });
  });

  test.each([
    ['{"a": 1,\n "b" 2}', 'line 2, column 6: '],
    ['', 'line 1, column 1: the text ends'],
    [Buffer.from([0x22, 0xff, 0x22]), 'it is not UTF-8 text'],
    ['[]'.repeat(600), '1200 bytes are too many; the limit is 1000'],
  ])('%j is kept aside with its problem', async (content, problem) => {
    const folder = await tempFolder();
    const path = join(folder, 'file.json');
    await writeFile(path, content);
    const loaded = await loadJsonFile(path, { nowMs, limitBytes: 1000 });
    expect(loaded).toEqual({
      kind: 'damaged',
      problems: [expect.stringContaining(problem) as string],
      keptAs: `${path}.damaged-20300102T030405Z`,
    });
    expect(await readdir(folder)).toEqual(['file.json.damaged-20300102T030405Z']);
    expect(await readFile(`${path}.damaged-20300102T030405Z`)).toEqual(Buffer.from(content));
  });

  test('never overwrites what was kept before', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'f');
    for (const text of ['{1', '{2', '{3']) {
      await writeFile(path, text);
      await loadJsonFile(path, { nowMs });
    }
    const kept = (await readdir(folder)).sort();
    expect(kept).toHaveLength(3);
    expect(await Promise.all(kept.map((name) => readFile(join(folder, name), 'utf8')))).toEqual([
      '{1',
      '{2',
      '{3',
    ]);
  });

  test('a value that does not pass the check is damaged too', async () => {
    const path = join(await tempFolder(), 'f');
    await writeFile(path, '7');
    const check = (value: unknown) =>
      value === 8 ? ({ ok: true, value: 8 } as const) : ({ ok: false, problems: ['is not 8'] } as const);
    expect(await loadJsonFile(path, { check })).toMatchObject({ kind: 'damaged', problems: ['is not 8'] });
    await writeFile(path, '8');
    expect(await loadJsonFile(path, { check })).toEqual({ kind: 'ok', value: 8 });
  });

  test('a folder or a FIFO in its place is an error, and does not hang', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'dir'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await expect(loadJsonFile(join(folder, 'dir'))).rejects.toThrow('it is no regular file');
    await expect(loadJsonFile(join(folder, 'fifo'))).rejects.toThrow('it is no regular file');
  });
});
