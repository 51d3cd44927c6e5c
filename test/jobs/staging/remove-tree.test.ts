import { access, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeTree } from '../../../src/jobs/staging/remove-tree.js';
import { asOrdinaryUser, newFolder, sh } from './trees.js';

it('removes folders that may not be written to, and nothing that links lead to', async () => {
  const base = await newFolder();
  const dir = join(base, 'dir');
  await mkdir(join(base, 'outside'));
  sh(base, 'chmod 755 outside');
  await writeFile(join(base, 'outside/precious'), '');
  await mkdir(join(dir, 'a/b'), { recursive: true });
  await symlink('../../outside', join(dir, 'a/link'));
  sh(dir, `touch "a/b/$(printf 'f\\377')"; chmod 555 a/b; chmod 000 a; chmod 500 .`);
  await asOrdinaryUser([base], () => removeTree(dir));
  await expect(access(dir)).rejects.toThrow(/ENOENT/);
  expect(sh(base, 'stat -c %a outside; ls outside')).toBe('755\nprecious\n');
  await removeTree(dir); // nothing to remove is fine
});
