import { createServer } from 'node:net';
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTree } from '../../../src/jobs/staging/list-tree.js';
import { asOrdinaryUser, manifestOf, newFolder, sh } from './trees.js';

const pathsOf = async (root: string, include?: readonly string[]): Promise<readonly string[]> =>
  (await manifestOf(root, include ? { include } : {})).entries.map((entry) => entry.path);

describe('listTree', () => {
  it('tells kind, mode, time, size and target of everything, a folder before what is in it', async () => {
    const root = await newFolder();
    sh(root, 'mkdir -p b/c; printf hello > b/c/f; chmod 640 b/c/f; ln -s /etc b/l; mkfifo -m 600 p');
    sh(root, 'touch -d @1700000000.123456789 b/c/f');
    const { entries, bytes, skipped } = await manifestOf(root);
    expect(entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
      'dir b',
      'fifo p',
      'dir b/c',
      'symlink b/l',
      'file b/c/f',
    ]);
    expect(entries.at(-1)).toMatchObject({ mode: 0o640, size: 5, mtimeNs: '1700000000123456789' });
    expect(entries.find(({ path }) => path === 'b/l')).toMatchObject({ linkTarget: '/etc', size: 0 });
    expect({ bytes, skipped }).toEqual({ bytes: 5, skipped: [] });
  });

  it('never follows a link, neither to a folder nor in a circle', async () => {
    const root = await newFolder();
    await symlink('/', join(root, 'all'));
    await symlink('.', join(root, 'self'));
    expect(await pathsOf(root)).toEqual(['all', 'self']);
  });

  it('names what it leaves out: sockets, devices, what may not be read', async () => {
    const root = await newFolder();
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      await writeFile(join(root, 'secret'), 'x', { mode: 0o200 });
      await mkdir(join(root, 'closed/inside'), { recursive: true });
      if (process.geteuid?.() === 0) sh(root, 'mknod null c 1 3');
      else sh(root, 'ln -s x null');
      await chmod(join(root, 'closed'), 0o300);
      const { skipped, entries } = await asOrdinaryUser([root], () => manifestOf(root));
      const reasons = Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));
      expect(reasons).toMatchObject({
        socket: 'is a socket',
        secret: 'may not be read',
        closed: 'may not be read',
      });
      if (process.geteuid?.() === 0) expect(reasons['null']).toBe('is a device');
      expect(entries.map(({ path }) => path)).toContain('closed');
    } finally {
      server.close();
    }
  });

  it('counts what holes leave over', async () => {
    const root = await newFolder();
    await writeFile(join(root, 'sparse'), 'data');
    await truncate(join(root, 'sparse'), 1e12);
    const { bytes, entries } = await manifestOf(root, { limitBytes: 1e6 });
    expect(entries[0]?.size).toBe(1e12);
    expect(bytes).toBeLessThan(100_000);
  });

  it('stops as soon as there are too many bytes', async () => {
    const root = await newFolder();
    for (let index = 0; index < 20; index++) {
      await mkdir(join(root, `d${index}`));
      await writeFile(join(root, `d${index}/f`), Buffer.alloc(1000));
    }
    const listing = await listTree(root, { limitBytes: 2500 });
    expect(listing).toMatchObject({ kind: 'too-large', atLeastBytes: 3000 });
    expect(await listTree(root, { limitBytes: 20_000 })).toMatchObject({ kind: 'ok' });
  });

  it('stops as soon as there are too many entries, also in one folder', async () => {
    const root = await newFolder();
    sh(root, 'seq -f f%g 500 | xargs touch');
    expect(await listTree(root, { limitEntries: 100 })).toEqual({
      kind: 'too-large',
      atLeastBytes: 0,
      atLeastEntries: 101,
    });
    expect(await listTree(root, { limitEntries: 500 })).toMatchObject({ kind: 'ok' });
    expect(await listTree(root, { limitEntries: 100, include: ['f1?'] })).toMatchObject({ kind: 'ok' });
  });

  it('lists what the patterns say, and the folders it lies in', async () => {
    const root = await newFolder();
    sh(root, 'mkdir -p in/deep other/deep; touch in/deep/a.csv in/b other/deep/c.csv other/d e');
    expect(await pathsOf(root, ['in/deep'])).toEqual(['in', 'in/deep', 'in/deep/a.csv']);
    expect(await pathsOf(root, ['**/*.csv', 'e'])).toEqual([
      'e',
      'in',
      'in/deep',
      'in/deep/a.csv',
      'other',
      'other/deep',
      'other/deep/c.csv',
    ]);
    expect(await pathsOf(root, [])).toEqual([]);
  });

  it('does not look where nothing can be meant', async () => {
    const root = await newFolder();
    sh(root, 'mkdir in other; chmod 000 other');
    const { skipped } = await asOrdinaryUser([root], () => manifestOf(root, { include: ['in/*'] }));
    expect(skipped).toEqual([]);
  });

  it('leaves out what it is told to, and the probes of moskit', async () => {
    const root = await newFolder();
    sh(root, `mkdir -p jobs/1-1 keep; touch jobs/1-1/f .moskit-probe-${'0'.repeat(32)}`);
    const { entries } = await manifestOf(root, { exclude: [join(root, 'jobs'), '/', '/etc'] });
    expect(entries.map(({ path }) => path)).toEqual(['keep']);
  });

  it('says so when the folder is not there or is none', async () => {
    const root = await newFolder();
    await expect(listTree(join(root, 'gone'))).rejects.toThrow(/ENOENT/);
    await writeFile(join(root, 'file'), '');
    await expect(listTree(join(root, 'file'))).rejects.toThrow(/ENOTDIR/);
  });
});
