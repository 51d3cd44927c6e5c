import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { isSameEntry } from '../../../src/jobs/staging/delta.js';
import { copyTree } from '../../../src/jobs/staging/copy-tree.js';
import { pollUntil } from '../../poll-until.js';
import { manifestOf, newFolder } from './trees.js';

const old = new Date('2020-01-01');

describe('a copy on the same machine', () => {
  let from: string;
  let to: string;
  beforeEach(async () => {
    from = await newFolder();
    to = join(await newFolder(), 'copy');
  });

  /** Paths that are not the same in the copy. */
  async function differences(): Promise<readonly string[]> {
    const [source, copy] = [await manifestOf(from), await manifestOf(to)];
    const there = new Map(copy.entries.map((entry) => [entry.path, entry]));
    const differ = source.entries.filter((entry) => {
      const other = there.get(entry.path);
      there.delete(entry.path);
      return !other || (entry.type !== 'dir' && !isSameEntry(entry, other)) || entry.mode !== other.mode;
    });
    return [...differ.map(({ path }) => path), ...there.keys()];
  }

  it('has files, folders, links, pipes, modes and times', async () => {
    mkdirSync(join(from, 'sub'), { mode: 0o750 });
    writeFileSync(join(from, 'sub/file'), 'text', { mode: 0o640 });
    symlinkSync('../nowhere', join(from, 'link'));
    execFileSync('mkfifo', [join(from, 'pipe')]);
    utimesSync(join(from, 'sub/file'), old, old);
    await copyTree(from, to, { frozen: true });
    expect(await differences()).toEqual([]);
    expect(readlinkSync(join(to, 'link'))).toBe('../nowhere');
    expect(statSync(join(to, 'pipe')).isFIFO()).toBe(true);
    expect(readFileSync(join(to, 'sub/file'), 'utf8')).toBe('text');
  });

  it('is made equal by a second pass: what changed, came, went, and became something else', async () => {
    for (const name of ['same', 'changed', 'gone', 'kind']) writeFileSync(join(from, name), name);
    const before = await copyTree(from, to, { frozen: false });
    appendFileSync(join(from, 'changed'), ' more');
    rmSync(join(from, 'gone'));
    rmSync(join(from, 'kind'));
    mkdirSync(join(from, 'kind'));
    writeFileSync(join(from, 'kind/new'), 'new');
    await copyTree(from, to, { before, frozen: true });
    expect(await differences()).toEqual([]);
    expect(readFileSync(join(to, 'changed'), 'utf8')).toBe('changed more');
    expect(existsSync(join(to, 'gone'))).toBe(false);
  });

  it('takes over what was written without a trace in size and time', async () => {
    const file = join(from, 'same-size');
    writeFileSync(file, 'aaaa');
    utimesSync(file, old, old);
    const before = await copyTree(from, to, { frozen: false });
    writeFileSync(file, 'bbbb');
    utimesSync(file, old, old);
    await copyTree(from, to, { before, frozen: true });
    expect(readFileSync(join(to, 'same-size'), 'utf8')).toBe('bbbb');
  });

  it('takes over a file that is mapped for writing whatever its times say', async () => {
    const file = join(from, 'mapped');
    writeFileSync(file, 'aaaa');
    utimesSync(file, old, old);
    await copyTree(from, to, { frozen: false });
    // A copy that differs where size and time do not: what stores into a mapping look like. What was written a moment ago
    // is copied in any case.
    const isTrusted = async (): Promise<boolean> => {
      writeFileSync(join(to, 'mapped'), 'xxxx');
      utimesSync(join(to, 'mapped'), old, old);
      await copyTree(from, to, { frozen: true });
      return readFileSync(join(to, 'mapped'), 'utf8') === 'xxxx';
    };
    await pollUntil(isTrusted);
    await copyTree(from, to, { frozen: true, always: new Set(['mapped']) });
    expect(readFileSync(join(to, 'mapped'), 'utf8')).toBe('aaaa');
  });

  it('has a hole where the beginning is not wanted, and the size that the file has', async () => {
    const size = 3 * 1024 * 1024;
    writeFileSync(join(from, 'stdout'), Buffer.alloc(size, 'x'));
    await copyTree(from, to, { skipBefore: { stdout: size - 10 }, frozen: true });
    const { size: copied, blocks } = statSync(join(to, 'stdout'));
    expect(copied).toBe(size);
    expect(blocks * 512).toBeLessThan(size / 2);
    expect(readFileSync(join(to, 'stdout')).subarray(-10).toString()).toBe('x'.repeat(10));
  });

  it('is no longer than the file when home has more of it than that', async () => {
    writeFileSync(join(from, 'stdout'), 'short');
    await copyTree(from, to, { skipBefore: { stdout: 1_000 }, frozen: true });
    expect(statSync(join(to, 'stdout')).size).toBe(5);
    truncateSync(join(from, 'stdout'), 2);
    await copyTree(from, to, { skipBefore: { stdout: 1_000 }, frozen: true });
    expect(statSync(join(to, 'stdout')).size).toBe(2);
  });

  it('of a folder that something writes to while it should stand still is an error', async () => {
    const file = openSync(join(from, 'busy'), 'w');
    onTestFinished(() => closeSync(file));
    writeSync(file, Buffer.alloc(64 * 1024 * 1024, 'x'));
    const writer = spawn('sh', ['-c', 'while :; do printf y >>"$1"; done', 'sh', join(from, 'busy')]);
    onTestFinished(async () => {
      const gone = once(writer, 'exit');
      writer.kill('SIGKILL');
      await gone;
    });
    await copyTree(from, to, { frozen: false });
    await expect(copyTree(from, to, { frozen: true })).rejects.toThrow(/busy.*while the job stood still/);
  });

  it('that can not be written is one error, and nothing else', async () => {
    writeFileSync(to, 'a file stands where the folder should be');
    mkdirSync(join(from, 'sub'));
    writeFileSync(join(from, 'sub/large'), Buffer.alloc(8 * 1024 * 1024, 'x'));
    await expect(copyTree(from, to, { frozen: true })).rejects.toThrow(to);
  });
});
