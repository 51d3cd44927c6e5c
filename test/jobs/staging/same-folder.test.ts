import { mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSameIdentity, readIdentity } from '../../../src/jobs/staging/folder-identity.js';
import {
  checkProbe,
  makeProbe,
  removeProbe,
  type FolderProbe,
} from '../../../src/jobs/staging/same-folder.js';
import { asOrdinaryUser, newFolder, sh } from './trees.js';

/** The probe as it arrives at the other machine. */
const travelled = (probe: FolderProbe): FolderProbe => JSON.parse(JSON.stringify(probe)) as FolderProbe;

describe('a probe', () => {
  it('is found in the same folder, and leaves nothing behind', async () => {
    const dir = await newFolder();
    const probe = await makeProbe(dir);
    expect(await readdir(dir)).toEqual([probe.file?.name]);
    expect(await checkProbe(travelled(probe))).toEqual({ same: true, writable: true });
    await removeProbe(probe);
    expect(await readdir(dir)).toEqual([]);
    await removeProbe(probe);
  });

  it('is not found in another folder under the same path', async () => {
    const base = await newFolder();
    const dir = join(base, 'work');
    await mkdir(dir);
    const probe = await makeProbe(dir);
    await rename(dir, join(base, 'elsewhere'));
    expect(await checkProbe(probe)).toEqual({ same: false, reason: `${dir} is not here` });
    await mkdir(dir);
    expect(await checkProbe(probe)).toEqual({ same: false, reason: `${dir} is another folder here` });
    await writeFile(join(dir, probe.file!.name), 'a guess');
    expect(await checkProbe(probe)).toEqual({ same: false, reason: `${dir} is another folder here` });
  });

  it('opens nothing but a probe, whatever a peer asks for', async () => {
    const base = await newFolder();
    const secret = 'a'.repeat(64);
    await writeFile(join(base, 'key'), secret);
    const probe = await makeProbe(base);
    const asking = (name: string): FolderProbe => ({ ...probe, file: { name, secret } });
    for (const name of ['key', '../key', `.moskit-probe-${'0'.repeat(32)}/../key`])
      expect(await checkProbe(asking(name))).toMatchObject({ same: false });
    await symlink('key', join(base, `.moskit-probe-${'0'.repeat(32)}`));
    expect(await checkProbe(asking(`.moskit-probe-${'0'.repeat(32)}`))).toMatchObject({ same: false });
    await removeProbe(asking('key'));
    expect(await readFile(join(base, 'key'), 'utf8')).toBe(secret);
  });

  it('goes by what the folder is where nothing can be left in it', async () => {
    const base = await newFolder();
    const dir = join(base, 'readonly');
    await mkdir(dir, { mode: 0o555 });
    await asOrdinaryUser([base], async () => {
      const probe = await makeProbe(dir);
      expect(probe.file).toBeNull();
      expect(await checkProbe(travelled(probe))).toMatchObject({ same: true });
      await rename(dir, join(base, 'elsewhere'));
      await mkdir(dir, { mode: 0o555 });
      expect(await checkProbe(probe)).toEqual({ same: false, reason: `${dir} is another folder here` });
    });
  });

  it('removes the ones that were left by a killed maker, and no others', async () => {
    const dir = await newFolder();
    const old = `.moskit-probe-${'1'.repeat(32)}`;
    const young = `.moskit-probe-${'2'.repeat(32)}`;
    for (const name of [old, young, '.moskit-probe-mine']) await writeFile(join(dir, name), '');
    await utimes(join(dir, old), 1, 1_000_000_000);
    await utimes(join(dir, '.moskit-probe-mine'), 1, 1_000_000_000);
    const probe = await makeProbe(dir);
    expect((await readdir(dir)).sort()).toEqual([young, '.moskit-probe-mine', probe.file!.name].sort());
  });

  it('cannot be made in a folder that is not there', async () => {
    await expect(makeProbe(join(await newFolder(), 'gone'))).rejects.toThrow(/ENOENT/);
  });

  it.runIf(process.getuid?.() === 0)(
    'is not fooled by a file system that is mounted over the folder',
    async () => {
      const dir = await newFolder();
      const probe = await makeProbe(dir);
      sh('/', `mount -t tmpfs none '${dir}'`);
      try {
        expect(await checkProbe(probe)).toMatchObject({ same: false });
      } finally {
        sh('/', `umount '${dir}'`);
      }
      expect(await checkProbe(probe)).toMatchObject({ same: true });
    },
  );
});

describe('isSameIdentity', () => {
  const one = { dev: '1', ino: '2', mtimeNs: '3', ctimeNs: '4', bootId: 'a', network: false };

  it.each([
    ['the same kernel, device and inode, though it was written to', { mtimeNs: '9', ctimeNs: '9' }, true],
    ['the same kernel, another device', { dev: '9' }, false],
    ['another inode', { ino: '9' }, false],
    ['two machines that may be clones of each other', { bootId: 'b' }, false],
    ['two kernels that do not tell', { bootId: '' }, false],
  ])('%s', (_what, change, expected) => {
    expect(isSameIdentity(one, { ...one, ...change })).toBe(expected);
  });

  it.each([
    ['agreeing on a shared file system', { dev: '9' }, true],
    ['where one sees a local file system', { network: false }, false],
    ['that see other change times', { ctimeNs: '9' }, false],
  ])('two machines %s', (_what, change, expected) => {
    const shared = { ...one, network: true };
    expect(isSameIdentity(shared, { ...shared, bootId: 'b', ...change })).toBe(expected);
  });

  it('takes a local disk for no shared file system', async () => {
    expect((await readIdentity(await newFolder())).network).toBe(false);
  });
});
