import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBringHome, planCarryIn } from '../../../src/jobs/staging/carry.js';
import {
  emptyManifest,
  parseManifest,
  type Entry,
  type Manifest,
} from '../../../src/jobs/staging/manifest.js';
import { newFolder, sh } from './trees.js';

const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  path,
  type: 'file',
  mode: 0o644,
  mtimeNs: '1000000000000000000',
  ctimeNs: '1000000000000000000',
  size: 1,
  ...more,
});
const dir = (path: string): Entry => entry(path, { type: 'dir', size: 0, mode: 0o755 });
const manifest = (entries: readonly Entry[], more: Partial<Manifest> = {}): Manifest => ({
  ...emptyManifest(),
  entries,
  ...more,
});
const plan = (carried: Manifest, now: Manifest, out: readonly string[] | null = null) => {
  const { bring, deletes, skipped } = planBringHome({ carried, now, out });
  return { bring: bring.map(({ path }) => path), deletes, skipped: skipped.map(({ path }) => path) };
};

describe('planCarryIn', () => {
  it('takes everything, or what the patterns say', async () => {
    const cwd = await newFolder();
    sh(cwd, 'mkdir data; echo 12345 > data/in; echo x > other');
    expect(await planCarryIn(cwd, { patterns: null, limitBytes: 100 })).toMatchObject({
      kind: 'ok',
      bytes: 8,
    });
    const some = await planCarryIn(cwd, { patterns: ['data'], limitBytes: 100 });
    expect(some).toMatchObject({ kind: 'ok', bytes: 6, entries: [{ path: 'data' }, { path: 'data/in' }] });
  });

  it('refuses what is too large with a hint', async () => {
    const cwd = await newFolder();
    sh(cwd, 'head -c 5000 /dev/zero | tr "\\0" x > big');
    expect(await planCarryIn(cwd, { patterns: null, limitBytes: 1000 })).toEqual({
      kind: 'too-large',
      bytes: 5000,
      hint: 'raise --carry-limit, or say with --in which files the job needs',
    });
    expect(await planCarryIn(cwd, { patterns: ['small'], limitBytes: 1000 })).toMatchObject({
      kind: 'ok',
      bytes: 0,
    });
  });

  it('leaves out the folders of the jobs', async () => {
    const cwd = await newFolder();
    sh(cwd, 'mkdir -p jobs/1-1; echo x > jobs/1-1/stdout; echo x > mine');
    const carry = await planCarryIn(cwd, { patterns: null, limitBytes: 1000, exclude: [join(cwd, 'jobs')] });
    expect(carry).toMatchObject({ kind: 'ok', entries: [{ path: 'mine' }] });
  });

  it('gives a list that survives a file', async () => {
    const cwd = await newFolder();
    sh(cwd, `mkdir d; echo x > "d/$(printf 'a\\377\\nb')"; ln -s "$(printf '\\376')" l`);
    const carry = await planCarryIn(cwd, { patterns: null, limitBytes: 1000 });
    if (carry.kind !== 'ok') throw new Error(carry.kind);
    expect(parseManifest(JSON.parse(JSON.stringify(carry.manifest)))).toEqual(carry.manifest);
  });
});

describe('planBringHome', () => {
  const carried = manifest([
    dir('d'),
    entry('d/a'),
    entry('d/b'),
    entry('c'),
    entry('l', { type: 'symlink', linkTarget: 'x' }),
  ]);

  it('brings nothing when nothing happened', () => {
    expect(plan(carried, carried)).toEqual({ bring: [], deletes: [], skipped: [] });
  });

  it('takes times that agree to the microsecond for the same, as copies have no better ones', () => {
    const now = manifest([
      dir('d'),
      entry('d/a', { mtimeNs: '1000000000000000999' }),
      ...carried.entries.slice(2),
    ]);
    expect(plan(carried, now).bring).toEqual([]);
  });

  it.each([
    ['another size', { size: 2 }],
    ['another time', { mtimeNs: '1000000000000001000' }],
    ['another mode', { mode: 0o755 }],
    ['another kind', { type: 'symlink', linkTarget: 'y' } as const],
  ])('brings a file with %s, and names the folder it lies in', (_what, change) => {
    const now = manifest([dir('d'), entry('d/a', change), ...carried.entries.slice(2)]);
    expect(plan(carried, now).bring).toEqual(['d', 'd/a']);
  });

  it('brings new files, new folders and changed links', () => {
    const now = manifest([
      ...carried.entries.slice(0, 4),
      entry('l', { type: 'symlink', linkTarget: 'y' }),
      dir('n'),
      entry('n/f'),
      dir('empty'),
    ]);
    expect(plan(carried, now).bring).toEqual(['l', 'n', 'n/f', 'empty']);
  });

  it('leaves a folder alone that only got other times or another mode', () => {
    const now = manifest([
      { ...dir('d'), mtimeNs: '2000000000000000000', mode: 0o700 },
      ...carried.entries.slice(1),
    ]);
    expect(plan(carried, now)).toEqual({ bring: [], deletes: [], skipped: [] });
  });

  it('removes at home what the job removed, the deepest first', () => {
    expect(plan(carried, manifest([entry('c')])).deletes).toEqual(['l', 'd/b', 'd/a', 'd']);
  });

  it('does not take for removed what the node could not read', () => {
    const now = manifest([dir('d'), entry('c')], { skipped: [{ path: 'd', reason: 'may not be read' }] });
    expect(plan(carried, now)).toEqual({ bring: [], deletes: ['l'], skipped: ['d'] });
  });

  it('neither removes what home itself could not read nor brings fifos', () => {
    const home = manifest([entry('c')], { skipped: [{ path: 'socket', reason: 'is a socket' }] });
    const now = manifest([entry('c', { type: 'fifo' }), entry('p', { type: 'fifo' })]);
    expect(plan(home, now)).toEqual({ bring: [], deletes: [], skipped: ['c', 'p'] });
  });

  it('keeps to the patterns', () => {
    const now = manifest([dir('d'), entry('d/a', { size: 5 }), entry('d/new.csv'), entry('c', { size: 7 })]);
    expect(plan(carried, now, ['d/*.csv'])).toEqual({ bring: ['d', 'd/new.csv'], deletes: [], skipped: [] });
    expect(plan(carried, now, ['d'])).toEqual({
      bring: ['d', 'd/a', 'd/new.csv'],
      deletes: ['d/b'],
      skipped: [],
    });
  });

  it('never both leaves a difference and says nothing of it', () => {
    const state = fc.constantFrom<Partial<Entry> | null>(
      null,
      {},
      { size: 2 },
      { type: 'symlink', linkTarget: 'x' },
    );
    fc.assert(
      fc.property(fc.array(state, { minLength: 6, maxLength: 6 }), (states) => {
        const make = (from: number): Manifest =>
          manifest(states.slice(from, from + 3).flatMap((each, at) => (each ? [entry(`f${at}`, each)] : [])));
        const [home, node] = [make(0), make(3)];
        const { bring, deletes } = plan(home, node);
        for (const name of ['f0', 'f1', 'f2']) {
          const [was, is] = [home, node].map((each) => each.entries.find(({ path }) => path === name));
          expect(bring.includes(name)).toBe(is !== undefined && JSON.stringify(is) !== JSON.stringify(was));
          expect(deletes.includes(name)).toBe(was !== undefined && was.type !== is?.type);
        }
      }),
    );
  });
});
