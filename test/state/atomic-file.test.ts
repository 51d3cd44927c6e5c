import { spawnSync } from 'node:child_process';
import { mkdir, open, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { removeStaleTemps, tempName, writeFileAtomic } from '../../src/state/atomic-file.js';
import { canMount, smallDisk, tempFolder } from './temp-folder.js';

describe('writeFileAtomic', () => {
  test.each([true, false])(
    'replaces the file, mode 600, and leaves nothing beside it (durable %s)',
    async (durable) => {
      const folder = await tempFolder();
      const path = join(folder, 'file');
      await writeFile(path, 'old', { mode: 0o644 });
      await writeFileAtomic(path, 'new', { durable });
      expect(await readFile(path, 'utf8')).toBe('new');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readdir(folder)).toEqual(['file']);
    },
  );

  test('a reader sees the old or the new text, never a part', async () => {
    const path = join(await tempFolder(), 'file');
    const texts = ['a', 'b'].map((letter) => letter.repeat(300_000));
    await writeFileAtomic(path, texts[0]!, { durable: false });
    const writing = { now: true };
    const reading = (async () => {
      let reads = 0;
      for (; writing.now; reads++) expect(texts).toContain(await readFile(path, 'utf8'));
      return reads;
    })();
    for (let n = 1; n < 60; n++) await writeFileAtomic(path, texts[n % 2]!, { durable: false });
    writing.now = false;
    expect(await reading).toBeGreaterThan(5);
  });

  test('many writers at once do not get in each other’s way', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'file');
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => writeFileAtomic(path, `${n}`, { durable: false })),
    );
    expect(Number(await readFile(path, 'utf8'))).toBeLessThan(40);
    expect(await readdir(folder)).toEqual(['file']);
  });

  test('says what failed, keeps what was there and cleans up', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'taken'), 'x', { durable: true })).rejects.toThrow(
      new RegExp(`cannot write ${folder}/taken: EISDIR|cannot write ${folder}/taken: ENOTEMPTY`),
    );
    expect(await readdir(folder)).toEqual(['taken']);
    await expect(writeFileAtomic(join(folder, 'no', 'x'), 'x', { durable: true })).rejects.toThrow('ENOENT');
  });
});

describe('durability', () => {
  /** What the file held each time that something was made durable. */
  async function contentAtSyncs(folder: string, path: string, write: () => Promise<void>): Promise<string[]> {
    const seen: string[] = [];
    const handle = await open(folder);
    const prototype = Object.getPrototypeOf(handle) as { sync: () => Promise<void> };
    await handle.close();
    const spy = vi.spyOn(prototype, 'sync').mockImplementation(async () => {
      seen.push(await readFile(path, 'utf8'));
    });
    await write().finally(() => spy.mockRestore());
    return seen;
  }

  test('the bytes are on the disk before the name changes, and the name before it is said to be done', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    const write = () => writeFileAtomic(path, 'new', { durable: true });
    expect(await contentAtSyncs(folder, path, write)).toEqual(['old', 'new']);
  });

  test('readings wait for no disk', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'file');
    const write = () => writeFileAtomic(path, 'new', { durable: false });
    expect(await contentAtSyncs(folder, path, write)).toEqual([]);
  });
});

test.runIf(canMount)('on a full disk the old file stays and the temporary one goes', async () => {
  const folder = await smallDisk(64);
  const path = join(folder, 'file');
  await writeFileAtomic(path, 'old', { durable: true });
  await expect(writeFileAtomic(path, 'x'.repeat(100_000), { durable: false })).rejects.toThrow('ENOSPC');
  expect(await readdir(folder)).toEqual(['file']);
  expect(await readFile(path, 'utf8')).toBe('old');
});

describe('removeStaleTemps', () => {
  const hourAgo = new Date(Date.now() - 3_600_000);

  async function leave(path: string, owner: string): Promise<string> {
    const name = `${path.replace(/([^/]+)$/, '.$1')}.${owner}-1.tmp`;
    await writeFile(name, 'half');
    await utimes(name, hourAgo, hourAgo);
    return name;
  }

  test('removes what a dead process left, and nothing else', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'hpc.json');
    const dead = spawnSync('true').pid;
    await leave(path, `${dead}-12`);
    await leave(path, `${process.pid}-12`); // our PID, but another start: a process of earlier
    await leave(join(folder, 'other'), `${dead}-12`);
    const ours = tempName(path);
    await writeFile(ours, 'being written');
    await utimes(ours, hourAgo, hourAgo);
    await writeFile(
      join(folder, '.hpc.json.99999999-1-1.tmp'),
      'young: perhaps of a process that we can’t see',
    );
    await removeStaleTemps(path);
    expect((await readdir(folder)).sort()).toEqual(
      [basename(ours), '.hpc.json.99999999-1-1.tmp', `.other.${dead}-12-1.tmp`].sort(),
    );
  });

  test('a missing folder has none', async () => {
    await expect(removeStaleTemps(join(await tempFolder(), 'no', 'x'))).resolves.toBeUndefined();
  });
});
