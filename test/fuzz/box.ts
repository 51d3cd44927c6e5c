import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../src/jobs/staging/remove-tree.js';

export interface Box {
  /** Where the archive may write. */
  readonly root: string;
  /** Empties the root and puts a few traps into it. */
  fill(): Promise<void>;
  /** Throws when anything outside of the root changed, or something is in it that must not come from a peer. */
  check(): Promise<void>;
}

const canary = 'as it was';

/** A folder with canaries around the one that is written to. */
export async function openBox(base: string): Promise<Box> {
  const [root, outside] = [join(base, 'root'), join(base, 'outside')];
  await mkdir(outside, { recursive: true });
  await writeFile(join(base, 'canary'), canary);
  await writeFile(join(outside, 'precious'), canary);
  for (const file of [join(base, 'canary'), join(outside, 'precious')]) await chmod(file, 0o640);
  const surroundings = await lookAround();

  async function lookAround(): Promise<string> {
    const seen: string[] = [];
    for (const path of [base, join(base, 'canary'), outside, join(outside, 'precious')]) {
      const { mode, mtimeMs, ino, nlink } = await lstat(path);
      // the folder itself changes when the root is made anew
      seen.push([path, mode, ino, path === base ? '' : `${mtimeMs} ${nlink}`].join(' '));
    }
    const files = [join(base, 'canary'), join(outside, 'precious')].map((path) => readFile(path, 'utf8'));
    const names = [...(await readdir(base)).filter((name) => name !== 'root'), ...(await readdir(outside))];
    return [...seen, ...names, ...(await Promise.all(files))].join('\n');
  }

  return {
    root,
    fill: async () => {
      await removeTree(root);
      await mkdir(join(root, 'kept'), { recursive: true });
      await symlink('../outside', join(root, 'l'));
      await symlink('../outside/precious', join(root, 'kept', 'p'));
      await writeFile(join(root, 'old'), 'old', { mode: 0o644 });
    },
    check: async () => {
      const now = await lookAround();
      if (now !== surroundings) throw new Error(`something outside of the folder changed:\n${now}`);
      await checkInside(root);
    },
  };
}

async function checkInside(dir: string): Promise<void> {
  for (const name of await readdir(dir, { encoding: 'buffer' }).catch(() => [])) {
    const path = Buffer.concat([Buffer.from(`${dir}/`), name]);
    const stats = await lstat(path);
    const isPlain = stats.isFile() || stats.isDirectory() || stats.isSymbolicLink() || stats.isFIFO();
    if (!isPlain) throw new Error(`a device or socket came into being: ${path.toString('latin1')}`);
    if (!stats.isSymbolicLink() && (stats.mode & 0o7000) !== 0)
      throw new Error('a setuid bit came into being');
    if (/^\.moskit-[0-9a-f]{16}\.part$/.test(name.toString('latin1')))
      throw new Error('a part was left behind');
    if (stats.isDirectory()) await checkInside(path.toString('latin1'));
  }
}
