import { appendFile, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaEntries, mappedForWriting, type DeltaOptions } from '../../../src/jobs/staging/delta.js';
import { emptyManifest, type Manifest } from '../../../src/jobs/staging/manifest.js';
import { manifestOf, newFolder, sh, shapeOf, transfer } from './trees.js';

/** One pass from a folder to another, as a move makes two. */
async function pass(from: string, to: string, options: DeltaOptions & { frozen: boolean }) {
  const source = await manifestOf(from);
  const delta = deltaEntries(source, await manifestOf(to), options);
  const { sent } = await transfer({ root: from, ...delta, frozen: options.frozen }, { root: to });
  return { source, delta, sent, paths: delta.entries.map(({ path }) => path) };
}

const old = (path: string): Promise<void> => utimes(path, 1_600_000_000, 1_600_000_000);

/** ctime cannot be set: a listing as it would look an hour later. */
function later(manifest: Manifest): Manifest {
  return { ...manifest, listedAtNs: String(BigInt(manifest.listedAtNs) + 3_600_000_000_000n) };
}

describe('a second pass', () => {
  it('sends what changed and removes what is gone, and then both are equal', async () => {
    const from = await newFolder();
    const to = await newFolder();
    sh(
      from,
      'mkdir -p a/b gone/deep; echo 1 > a/b/same; echo 1 > a/changed; echo 1 > gone/deep/f; ln -s x l; mkfifo p',
    );
    await pass(from, to, { frozen: false });
    sh(
      from,
      'rm -r gone; echo 2 > a/changed; chmod 700 a/b/same; ln -sfn y l; mkdir new; echo n > new/f; rm p',
    );
    const { delta, sent } = await pass(from, to, { frozen: true });
    expect(delta.deletes).toEqual(['p', 'gone/deep/f', 'gone/deep', 'gone']);
    expect(sent.unstable).toEqual([]);
    expect(shapeOf(await manifestOf(to))).toEqual(shapeOf(await manifestOf(from)));
  });

  it('is cheap: nothing travels that is old and the same', async () => {
    const from = await newFolder();
    const to = await newFolder();
    await writeFile(join(from, 'same'), 'x'.repeat(1000));
    await old(join(from, 'same'));
    const source = later(await manifestOf(from));
    await transfer({ root: from, entries: source.entries, frozen: true }, { root: to });
    const delta = deltaEntries(source, await manifestOf(to));
    expect(delta).toMatchObject({ entries: [], deletes: [], bytes: 0 });
  });

  it('sends a file again that was written in the same moment in which it was sent', async () => {
    const from = await newFolder();
    const to = await newFolder();
    const file = join(from, 'f');
    await writeFile(file, 'one');
    const { mtime } = await stat(file);
    await pass(from, to, { frozen: false });
    await writeFile(file, 'two');
    await utimes(file, mtime, mtime); // as it is when both writes fall into one tick of the clock
    const source = later(await manifestOf(from));
    expect(deltaEntries(source, await manifestOf(to)).entries.map(({ path }) => path)).toEqual(['f']);
  });

  it('sends a file again whose change time moved, though size and time are the same', async () => {
    const from = await newFolder();
    const to = await newFolder();
    const file = join(from, 'f');
    await writeFile(file, 'one');
    await old(file);
    const { source } = await pass(from, to, { frozen: true });
    await writeFile(file, 'two');
    await old(file);
    const now = later(await manifestOf(from));
    const target = await manifestOf(to);
    expect(deltaEntries(now, target).entries).toEqual([]);
    expect(deltaEntries(now, target, { sentBefore: source }).entries.map(({ path }) => path)).toEqual(['f']);
  });

  it('sends a file again that was young when it was listed', () => {
    const listedAtNs = '100000000000';
    const entry = { path: 'f', type: 'file', mode: 0o644, size: 1 } as const;
    const at = (mtimeNs: string, ctimeNs: string): Manifest => ({
      ...emptyManifest(),
      listedAtNs,
      entries: [{ ...entry, mtimeNs, ctimeNs }],
    });
    const due = (source: Manifest): number => deltaEntries(source, source).entries.length;
    expect(due(at('97000000000', '97000000000'))).toBe(0);
    expect(due(at('99000000000', '99000000000'))).toBe(1);
    expect(due(at('97000000000', '99000000000'))).toBe(1);
  });

  it('sends what it is told to always send', async () => {
    const root = await newFolder();
    await writeFile(join(root, 'mapped'), 'x');
    await old(join(root, 'mapped'));
    const source = later(await manifestOf(root));
    expect(deltaEntries(source, source).entries).toEqual([]);
    expect(deltaEntries(source, source, { always: new Set(['mapped']) }).entries).toHaveLength(1);
  });

  it('sends only the new end of a file that only grows', async () => {
    const from = await newFolder();
    const to = await newFolder();
    const options = { appendOnly: new Set(['stdout']), frozen: true };
    await writeFile(join(from, 'stdout'), 'x'.repeat(100_000));
    await pass(from, to, options);
    await appendFile(join(from, 'stdout'), 'tail');
    const { sent, delta } = await pass(from, to, options);
    expect(delta.bytes).toBe(4);
    expect(sent.bytes).toBe(4);
    sh(from, `cmp stdout '${to}/stdout'`);
    await writeFile(join(from, 'stdout'), 'shorter');
    await pass(from, to, options);
    expect(await readFile(join(to, 'stdout'), 'utf8')).toBe('shorter');
  });

  it('replaces one kind of thing by another', async () => {
    const from = await newFolder();
    const to = await newFolder();
    sh(from, 'mkdir a; echo f > b; ln -s x c');
    sh(to, 'mkdir -p c/d; echo x > a; mkdir b; echo y > b/z; echo y > c/d/e');
    await pass(from, to, { frozen: true });
    expect(shapeOf(await manifestOf(to))).toEqual(shapeOf(await manifestOf(from)));
  });

  it('does not take what could not be read for gone', () => {
    const entry = { type: 'file', mode: 0o644, mtimeNs: '5000', ctimeNs: '5', size: 1 } as const;
    const target = {
      ...emptyManifest(),
      entries: [
        { ...entry, path: 'd/f' },
        { ...entry, path: 'x' },
      ],
    };
    const source = { ...emptyManifest(), skipped: [{ path: 'd', reason: 'may not be read' }] };
    expect(deltaEntries(source, target).deletes).toEqual(['x']);
  });

  it('does not take a folder that the target could not read for too much', () => {
    const dir = { path: 'd', type: 'dir', mode: 0, mtimeNs: '5000', ctimeNs: '5', size: 0 } as const;
    const source = { ...emptyManifest(), entries: [dir] };
    const target = { ...source, skipped: [{ path: 'd', reason: 'may not be read' }] };
    expect(deltaEntries(source, target).deletes).toEqual([]);
  });

  it('removes sockets that the source does not have', () => {
    const target = { ...emptyManifest(), skipped: [{ path: 's', reason: 'is a socket' }] };
    expect(deltaEntries(emptyManifest(), target).deletes).toEqual(['s']);
    expect(deltaEntries(target, target).deletes).toEqual([]);
  });
});

describe('whatever two folders hold', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const content = fc.constantFrom('dir', 'one', 'two', 'link');
  const tree = fc.array(fc.tuple(path, content), { maxLength: 8 });

  async function build(root: string, things: readonly (readonly [string, string])[]): Promise<void> {
    for (const [at, what] of things) {
      const full = join(root, at);
      try {
        await mkdir(join(full, '..'), { recursive: true });
        if (what === 'dir') await mkdir(full);
        else if (what === 'link') await symlink('a', full);
        else await writeFile(full, what, { flag: 'wx' });
      } catch {
        // something else is there already
      }
    }
  }

  it('the target equals the source after one frozen pass', async () => {
    await fc.assert(
      fc.asyncProperty(tree, tree, async (ours, theirs) => {
        const from = await newFolder();
        const to = await newFolder();
        await build(from, ours);
        await build(to, theirs);
        await pass(from, to, { frozen: true });
        expect(shapeOf(await manifestOf(to))).toEqual(shapeOf(await manifestOf(from)));
        for (const { path: at, type } of (await manifestOf(from)).entries)
          if (type === 'file') expect(await readFile(join(to, at))).toEqual(await readFile(join(from, at)));
        await rm(from, { recursive: true });
        await rm(to, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });
});

describe('two passes over a folder in use', () => {
  it('end with the same files, whatever was written between and during them', async () => {
    const from = await newFolder();
    const to = await newFolder();
    const over = new AbortController();
    const busy = (async () => {
      for (let round = 0; !over.signal.aborted; round++) {
        await writeFile(join(from, `f${round % 20}`), String(round).repeat(2000));
        await appendFile(join(from, 'log'), `${round}\n`);
        if (round % 3 === 0) await rm(join(from, `f${(round + 7) % 20}`), { force: true });
      }
    })();
    for (let round = 0; round < 5; round++) {
      const source = await manifestOf(from);
      const delta = deltaEntries(source, await manifestOf(to), { appendOnly: new Set(['log']) });
      await transfer({ root: from, ...delta }, { root: to });
    }
    over.abort();
    await busy;
    await pass(from, to, { appendOnly: new Set(['log']), frozen: true });
    expect((await readdir(to)).sort()).toEqual((await readdir(from)).sort());
    sh(from, `for f in *; do cmp "$f" '${to}/'"$f"; done`);
  });
});

describe('mappedForWriting', () => {
  it('finds shared writable mappings below the folder', () => {
    const maps = [
      '7f00-7f01 rw-s 00000000 08:01 11 /jobs/1-1/cwd/data base',
      '7f01-7f02 rw-s 00000000 08:01 12 /jobs/1-1/cwd/new\\012line',
      '7f02-7f03 r--s 00000000 08:01 13 /jobs/1-1/cwd/readonly',
      '7f03-7f04 rw-p 00000000 08:01 14 /jobs/1-1/cwd/private',
      '7f04-7f05 rw-s 00000000 08:01 15 /jobs/1-10/cwd/other',
      '7f05-7f06 rw-s 00000000 00:05 16 /dev/zero (deleted)',
      '7f06-7f07 rw-p 00000000 00:00 0 ',
    ].join('\n');
    expect([...mappedForWriting(maps, '/jobs/1-1/cwd')]).toEqual(['data base', 'new\nline']);
  });
});
