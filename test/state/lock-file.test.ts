import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tryLock } from '../../src/state/lock-file.js';
import { ownIdentity } from '../../src/state/process-identity.js';
import { bundleProgram, startProgram } from './run-program.js';
import { tempFolder } from './temp-folder.js';

let bundles: { readonly hold: string; readonly race: string };

beforeAll(async () => {
  bundles = { hold: await bundleProgram('hold-lock'), race: await bundleProgram('race-lock') };
});

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return chunk.toString().trim();
}

describe('tryLock', () => {
  test('is held by one, who is named to the others, until it is released', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'lock');
    const first = await tryLock(path);
    expect(first.held).toBe(true);
    expect(await tryLock(path)).toEqual({ held: false, holder: { pid: process.pid } });
    if (first.held) await first.release();
    expect(await readdir(folder)).toEqual([]);
    expect((await tryLock(path)).held).toBe(true);
  });

  test('of ten who try at once, one gets it', async () => {
    const path = join(await tempFolder(), 'lock');
    const answers = await Promise.all(Array.from({ length: 10 }, () => tryLock(path)));
    expect(answers.filter(({ held }) => held)).toHaveLength(1);
  });

  test('another process’s lock holds while it lives, and not when it was killed', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'lock');
    const child = await startProgram(folder, bundles.hold, [path]);
    expect(await firstLine(child)).toBe('held');
    expect(await tryLock(path)).toEqual({ held: false, holder: { pid: child.pid } });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const mine = await tryLock(path);
    expect(mine.held).toBe(true);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    if (mine.held) await mine.release();
    expect((await readdir(folder)).filter((name) => name.startsWith('lock') || name.startsWith('.'))).toEqual(
      [],
    );
  });

  test.each([
    ['a PID that was given out again', () => JSON.stringify({ ...ownIdentity(), startTicks: 1, token: 'x' })],
    [
      'a process of before the restart',
      () => JSON.stringify({ ...ownIdentity(), bootId: 'earlier', token: 'x' }),
    ],
    ['nobody: the file is damaged', () => 'garbage'],
    ['nobody: the file is empty', () => ''],
  ])('a lock of %s is taken over', async (_, content) => {
    const path = join(await tempFolder(), 'lock');
    await writeFile(path, content());
    expect((await tryLock(path)).held).toBe(true);
    expect((await tryLock(path)).held).toBe(false);
  });

  test('of many who find a dead holder at the same time one takes its place', async () => {
    const folder = await tempFolder();
    for (let round = 0; round < 25; round++) {
      const path = join(folder, `lock-${round}`);
      await writeFile(path, JSON.stringify({ ...ownIdentity(), startTicks: 1, token: 'dead' }));
      const answers = await Promise.all(
        Array.from({ length: 12 }, async (_, n) => {
          for (let turns = 0; turns < n; turns++) await new Promise(setImmediate); // each a little later
          return tryLock(path);
        }),
      );
      expect(answers.filter(({ held }) => held)).toHaveLength(1);
    }
  });

  test('also when somebody died in the middle of taking it over', async () => {
    const path = join(await tempFolder(), 'lock');
    for (const name of [path, `${path}.takeover`, `${path}.takeover.takeover`]) await writeFile(name, 'dead');
    expect((await tryLock(path)).held).toBe(true);
  });

  test('release leaves a lock alone that is no longer ours', async () => {
    const path = join(await tempFolder(), 'lock');
    const lock = await tryLock(path);
    const other = JSON.stringify({ ...ownIdentity(), token: 'other' });
    await writeFile(path, other);
    if (lock.held) await lock.release();
    expect(await readFile(path, 'utf8')).toBe(other);
  });

  test('never two at a time, though holders are killed again and again', async () => {
    const folder = await tempFolder();
    const log = join(folder, 'log');
    await writeFile(log, '');
    for (let wave = 0; wave < 3; wave++) {
      const racers = await Promise.all(
        Array.from({ length: 5 }, () =>
          startProgram(folder, bundles.race, [join(folder, 'lock'), log, '60']),
        ),
      );
      await Promise.all(racers.map((racer) => once(racer, 'exit')));
    }
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (let at = 0; at < lines.length; at += 2) {
      expect(lines[at]![0]).toBe('+');
      expect(lines[at + 1]).toBe(`-${lines[at]!.slice(1)}`);
    }
  });

  test('says what is wrong where no lock can be made', async () => {
    const path = join(await tempFolder(), 'no', 'lock');
    await expect(tryLock(path)).rejects.toThrow(`cannot take the lock ${path}: ENOENT`);
  });
});
