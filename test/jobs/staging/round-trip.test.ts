import {
  chmod,
  lutimes,
  lstat,
  mkdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asOrdinaryUser, manifestOf, newFolder, sh, shapeOf, transfer } from './trees.js';

async function copy(from: string, frozen = true): Promise<{ to: string; bytes: number }> {
  const to = join(await newFolder(), 'copy');
  const { entries } = await manifestOf(from);
  const { received } = await transfer({ root: from, entries, frozen }, { root: to });
  return { to, bytes: received.bytes };
}

describe('a tree that is sent and received', () => {
  it('has the same names, kinds, modes, times, sizes and link targets', async () => {
    const from = await newFolder();
    await mkdir(join(from, 'sub/deep'), { recursive: true });
    await writeFile(join(from, 'sub/deep/data'), randomBytes(3_000_000), { mode: 0o640 });
    await writeFile(join(from, 'empty'), '');
    await writeFile(join(from, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('../nowhere/at all', join(from, 'sub/link'));
    await symlink('/etc/passwd', join(from, 'absolute'));
    await lutimes(join(from, 'absolute'), 1, 1_111_111_111);
    sh(from, 'mkfifo -m 620 pipe');
    await utimes(join(from, 'run.sh'), 1, 1_234_567_890.123456);
    await utimes(join(from, 'sub/deep'), 1, 1_000_000_000);
    const { to } = await copy(from);
    expect(shapeOf(await manifestOf(to))).toEqual(shapeOf(await manifestOf(from)));
    expect((await lstat(join(to, 'absolute'))).mtimeMs).toBe(1_111_111_111_000);
    expect(sh(to, 'sha256sum sub/deep/data empty run.sh')).toBe(
      sh(from, 'sha256sum sub/deep/data empty run.sh'),
    );
  });

  it('keeps every byte of names that are not text', async () => {
    const from = await newFolder();
    const names = [
      ' ',
      'a b',
      "it's",
      '"quoted"',
      'new\nline',
      'tab\t',
      '-rf',
      '*',
      '$(id)',
      'ünï',
      '\\',
    ].map((name) => Buffer.from(name));
    names.push(Buffer.from([0x61, 0xff, 0xfe, 0x0a]), Buffer.from([0x80]), Buffer.alloc(255, 0xe9));
    const at = (root: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${root}/`), name]);
    for (const name of names) await writeFile(at(from, name), name);
    await mkdir(at(from, Buffer.from([0xc3, 0x28])));
    await symlink(
      Buffer.from([0xff, 0x2f, 0x0a]),
      Buffer.concat([at(from, Buffer.from([0xc3, 0x28])), Buffer.from('/l')]),
    );
    sh(from, `mkfifo "$(printf 'p\\377')"`);
    const { to } = await copy(from);
    expect(shapeOf(await manifestOf(to))).toEqual(shapeOf(await manifestOf(from)));
    for (const name of names) expect(await readFile(at(to, name))).toEqual(name);
  });

  it('has any names that a disk can have', async () => {
    const byte = fc.integer({ min: 1, max: 255 }).filter((each) => each !== 0x2f);
    const name = fc
      .array(byte, { minLength: 1, maxLength: 30 })
      .map((bytes) => Buffer.from(bytes))
      .filter((bytes) => !['.', '..'].includes(bytes.toString('latin1')));
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 6 }), async (names) => {
        const from = await newFolder();
        for (const each of names) await writeFile(Buffer.concat([Buffer.from(`${from}/`), each]), each);
        const { to } = await copy(from);
        expect(shapeOf(await manifestOf(to))).toEqual(shapeOf(await manifestOf(from)));
        await rm(from, { recursive: true });
        await rm(to, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('keeps holes, and does not send them', async () => {
    const from = await newFolder();
    const data = randomBytes(200_000);
    await writeFile(join(from, 'sparse'), data);
    await truncate(join(from, 'sparse'), 300_000_000);
    sh(from, 'printf end | dd of=sparse bs=1 seek=299999000 conv=notrunc status=none');
    const manifest = await manifestOf(from);
    expect(manifest.bytes).toBeLessThan(1_000_000);
    const { to, bytes } = await copy(from);
    expect(bytes).toBeLessThan(1_000_000);
    const copied = await stat(join(to, 'sparse'));
    expect(copied.size).toBe(300_000_000);
    expect(copied.blocks * 512).toBeLessThan(2_000_000);
    sh(from, `cmp sparse '${to}/sparse'`);
  });

  it('comes with folders that may not be written to, which can be removed nevertheless', async () => {
    const from = await newFolder();
    await mkdir(join(from, 'locked'));
    await writeFile(join(from, 'locked/file'), 'x', { mode: 0o400 });
    await chmod(join(from, 'locked'), 0o555);
    const { to } = await copy(from);
    expect((await stat(join(to, 'locked'))).mode & 0o777).toBe(0o555);
    expect(await readFile(join(to, 'locked/file'), 'utf8')).toBe('x');
  });

  it('never gets setuid, setgid or sticky bits', async () => {
    const from = await newFolder();
    await writeFile(join(from, 'su'), 'x');
    await chmod(join(from, 'su'), 0o6755);
    await mkdir(join(from, 'sticky'));
    await chmod(join(from, 'sticky'), 0o3777);
    const { to } = await copy(from);
    expect((await stat(join(to, 'su'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(to, 'sticky'))).mode & 0o7777).toBe(0o777);
  });

  it('turns hard links into files of their own', async () => {
    const from = await newFolder();
    await writeFile(join(from, 'one'), 'same');
    sh(from, 'ln one two');
    const { to } = await copy(from);
    expect(await readFile(join(to, 'two'), 'utf8')).toBe('same');
    expect((await lstat(join(to, 'two'))).nlink).toBe(1);
  });

  it('comes a second time, for an ordinary user, into folders that may not be entered', async () => {
    const from = await newFolder();
    const to = await newFolder();
    sh(from, 'mkdir -p a/b c; echo 1 > a/b/f; echo 1 > a/g; echo 1 > c/f; chmod 555 c');
    sh(to, `cp -a '${from}/.' .; chmod 000 a/b; chmod 555 a`);
    const before = await stat(join(to, 'a'));
    sh(from, 'echo 22 > a/b/f; echo 22 > c/f');
    await asOrdinaryUser([from, to], async () => {
      const { entries } = await manifestOf(from);
      const wanted = entries.filter(({ path }) => /^a.b|^c/.test(path));
      const locked = (path: string): object => (path === 'a/b' || path === 'c' ? { mode: 0 } : {});
      const sent = wanted.map((entry) => ({ ...entry, ...locked(entry.path) }));
      await transfer({ root: from, entries: sent, frozen: true }, { root: to });
    });
    expect(sh(to, 'cat a/b/f c/f; stat -c %a a a/b c')).toBe('22\n22\n555\n0\n0\n');
    expect(Math.floor((await stat(join(to, 'a'))).mtimeMs)).toBe(Math.floor(before.mtimeMs));
  });

  it('gives folders their modes when nothing has to go into them any more', async () => {
    const from = await newFolder();
    const to = await newFolder();
    sh(from, 'mkdir -p a/b/c');
    const { entries } = await manifestOf(from);
    const sent = entries.map((entry) => ({ ...entry, mode: entry.path === 'a' ? 0 : 0o711 }));
    await asOrdinaryUser([from, to], () => transfer({ root: from, entries: sent }, { root: to }));
    expect(sh(to, 'stat -c %a a; chmod 700 a; stat -c %a a/b a/b/c')).toBe('0\n711\n711\n');
  });

  it('takes over an older copy: files are replaced, links are not followed, unchanged folders keep their time', async () => {
    const from = await newFolder();
    const outside = join(await newFolder(), 'outside');
    await writeFile(outside, 'untouched');
    await mkdir(join(from, 'd'));
    await writeFile(join(from, 'd/f'), 'new');
    await writeFile(join(from, 'd/g'), 'new');
    const to = await newFolder();
    await mkdir(join(to, 'd'));
    await writeFile(join(to, 'd/f'), 'something older and longer');
    await symlink(outside, join(to, 'd/g'));
    await utimes(join(to, 'd'), 5, 5);
    const { entries } = await manifestOf(from);
    await transfer({ root: from, entries: entries.filter(({ type }) => type === 'file') }, { root: to });
    expect(await readFile(join(to, 'd/f'), 'utf8')).toBe('new');
    expect(await readFile(join(to, 'd/g'), 'utf8')).toBe('new');
    expect(await readFile(outside, 'utf8')).toBe('untouched');
    expect((await stat(join(to, 'd'))).mtimeMs).toBe(5000);
  });

  it('can be empty', async () => {
    const { to, bytes } = await copy(await newFolder());
    expect(bytes).toBe(0);
    expect((await manifestOf(to)).entries).toEqual([]);
    expect((await stat(to)).mode & 0o777).toBe(0o700);
  });
});

describe('an append-only file', () => {
  it('travels from the offset on, with a hole before it where the target has nothing', async () => {
    const from = await newFolder();
    const to = await newFolder();
    await writeFile(join(from, 'stdout'), Buffer.concat([Buffer.alloc(1_000_000, 'a'), Buffer.from('tail')]));
    const { entries } = await manifestOf(from);
    const sparseBefore = new Map([['stdout', 1_000_000]]);
    const { received } = await transfer({ root: from, entries, sparseBefore }, { root: to });
    expect(received.bytes).toBe(4);
    const copied = await readFile(join(to, 'stdout'));
    expect(copied.length).toBe(1_000_004);
    expect(copied.subarray(1_000_000).toString()).toBe('tail');
    expect(copied.subarray(0, 1_000_000).equals(Buffer.alloc(1_000_000))).toBe(true);
    expect((await stat(join(to, 'stdout'))).blocks * 512).toBeLessThan(100_000);
  });

  it('keeps what the target has already, and gets the exact size', async () => {
    const from = await newFolder();
    const to = await newFolder();
    await writeFile(join(from, 'stdout'), '0123456789');
    await writeFile(join(to, 'stdout'), '01234and much too long');
    const { entries } = await manifestOf(from);
    await transfer({ root: from, entries, sparseBefore: new Map([['stdout', 5]]) }, { root: to });
    expect(await readFile(join(to, 'stdout'), 'utf8')).toBe('0123456789');
  });

  it('is not continued through a link', async () => {
    const from = await newFolder();
    const to = await newFolder();
    const outside = join(await newFolder(), 'outside');
    await writeFile(outside, 'safe');
    await writeFile(join(from, 'stdout'), '0123456789');
    await symlink(outside, join(to, 'stdout'));
    const { entries } = await manifestOf(from);
    const sending = transfer({ root: from, entries, sparseBefore: new Map([['stdout', 4]]) }, { root: to });
    await expect(sending).rejects.toThrow(/cannot store 'stdout'/);
    expect(await readFile(outside, 'utf8')).toBe('safe');
    await rm(join(to, 'stdout'));
    sh(to, `ln '${outside}' stdout`);
    const again = transfer({ root: from, entries, sparseBefore: new Map([['stdout', 4]]) }, { root: to });
    await expect(again).rejects.toThrow(/not a file of its own/);
    expect(await readFile(outside, 'utf8')).toBe('safe');
  });
});
