import { release } from 'node:os';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInventory } from '../../src/daemon/inventory.js';
import { tempFolder } from '../state/temp-folder.js';

test('is taken once and then read from its file', async () => {
  const path = join(await tempFolder(), 'inventory.json');
  const taken = await readInventory(path);
  expect(taken).toMatchObject({ kernel: release() });
  expect(taken.cores).toBeGreaterThan(0);
  expect(taken.memoryKib).toBeGreaterThan(1000);
  const { mtimeNs } = await stat(path, { bigint: true });
  expect(await readInventory(path)).toEqual(taken);
  expect((await stat(path, { bigint: true })).mtimeNs).toBe(mtimeNs);
});

test.each(['not json', '{"model": 7}', '{}'])('a cache that says %j is taken anew', async (text) => {
  const path = join(await tempFolder(), 'inventory.json');
  await writeFile(path, text);
  expect((await readInventory(path)).cores).toBeGreaterThan(0);
  expect(await readFile(path, 'utf8')).toContain('"cores"');
});

test('another kernel means another inventory', async () => {
  const path = join(await tempFolder(), 'inventory.json');
  const old = { model: 'old', cores: 1, memoryKib: 1, os: 'old', kernel: '2.4.26-om1', arch: 'i586' };
  await writeFile(path, JSON.stringify(old));
  expect((await readInventory(path)).model).not.toBe('old');
});
