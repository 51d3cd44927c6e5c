import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensurePrivateDir } from '../../src/state/secure-dir.js';
import { tempFolder } from './temp-folder.js';

const isRoot = process.getuid?.() === 0;

describe('ensurePrivateDir', () => {
  test('makes the folder and those above it, 700', async () => {
    const folder = await tempFolder();
    await ensurePrivateDir(join(folder, 'a', 'b/'));
    for (const made of ['a', 'a/b']) expect((await stat(join(folder, made))).mode & 0o777).toBe(0o700);
  });

  test('takes one that is there and ours, as it is', async () => {
    const folder = join(await tempFolder(), 'a');
    await mkdir(folder, { mode: 0o755 });
    await ensurePrivateDir(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
  });

  test.each([
    ['a link', (path: string) => symlink('.', path), 'it is a symbolic link'],
    ['a link to nowhere', (path: string) => symlink('nowhere', path), 'it is a symbolic link'],
    ['a file', (path: string) => writeFile(path, ''), 'it is no folder'],
    [
      'one that the group may write to',
      (path: string) => mkdir(path).then(() => chmod(path, 0o770)),
      'others may write to it (mode 770)',
    ],
    [
      'one that all may write to',
      (path: string) => mkdir(path).then(() => chmod(path, 0o1777)),
      'others may write to it (mode 1777)',
    ],
  ])('refuses %s, with or without a slash at the end', async (_, make, reason) => {
    const path = join(await tempFolder(), 'x');
    await make(path);
    await expect(ensurePrivateDir(path)).rejects.toMatchObject({
      exitCode: 4,
      message: `the folder ${path} can't be used: ${reason}`,
    });
    await expect(ensurePrivateDir(`${path}/`)).rejects.toThrow(reason);
  });

  test.runIf(isRoot)('refuses somebody else’s', async () => {
    const path = join(await tempFolder(), 'x');
    await mkdir(path, { mode: 0o700 });
    chownSync(path, 12345, 12345);
    await expect(ensurePrivateDir(path)).rejects.toThrow('it belongs to user 12345, not to 0');
  });

  test.each([
    ['right above', ''],
    ['further up', 'between'],
  ])(
    'refuses one that anybody could put another in the place of: the folder %s is open to all',
    async (_, below) => {
      const open = join(await tempFolder(), 'open');
      await mkdir(open);
      await chmod(open, 0o777);
      const path = join(open, below, 'x');
      await expect(ensurePrivateDir(path)).rejects.toThrow(
        `everybody may write to ${open} and so replace it (mode 777)`,
      );
      await chmod(open, 0o1777); // as /tmp
      await ensurePrivateDir(path);
    },
  );

  test('says why where it can’t be made', async () => {
    const path = join(await tempFolder(), 'file');
    await writeFile(path, '');
    await expect(ensurePrivateDir(join(path, 'x'))).rejects.toThrow(
      `cannot make the folder ${path}/x: ENOTDIR`,
    );
  });
});
