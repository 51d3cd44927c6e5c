import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { followSpool } from '../../../src/jobs/staging/follow-spool.js';
import { newFolder } from './trees.js';

/** Pauses longer than any test: whoever only looks is not heard of again. */
const never = { shortest: 3_600_000, longest: 3_600_000 };

const newSpool = async (): Promise<string> => join(await newFolder(), 'stdout');

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('followSpool', () => {
  it('gives every byte of a busy writer once and in order, and stops when it has ended', async () => {
    const path = await newSpool();
    await writeFile(path, '');
    const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done >> "$1"';
    const writer = spawn('sh', ['-c', script, 'sh', path]);
    let isOver = false;
    void once(writer, 'close').then(() => {
      isOver = true;
    });
    const all = await collect(followSpool(path, 0, { isEnded: () => isOver }));
    expect(all).toBe(Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`).join(''));
  });

  it('starts in the middle', async () => {
    const path = await newSpool();
    await writeFile(path, '0123456789');
    expect(await collect(followSpool(path, 4, { isEnded: () => true }))).toBe('456789');
    expect(await collect(followSpool(path, 10, { isEnded: () => true }))).toBe('');
  });

  it('misses nothing that was written between its last look and the end', async () => {
    const path = await newSpool();
    await writeFile(path, 'start ');
    let asked = 0;
    const isEnded = async (): Promise<boolean> => {
      if (++asked < 3) return false;
      await appendFile(path, 'last words');
      return true;
    };
    expect(await collect(followSpool(path, 0, { isEnded }))).toBe('start last words');
  });

  it('waits for a spool that is not there yet', async () => {
    const path = await newSpool();
    let isOver = false;
    const all = collect(followSpool(path, 0, { isEnded: () => isOver }));
    setTimeout(() => void writeFile(path, 'here').then(() => (isOver = true)), 60);
    expect(await all).toBe('here');
  });

  it('is over when there never was one', async () => {
    expect(await collect(followSpool(await newSpool(), 0, { isEnded: () => true }))).toBe('');
  });

  it('is woken by what is written, and by what it is told, not by looking', async () => {
    const path = await newSpool();
    await writeFile(path, '');
    let isOver = false;
    const spool = followSpool(path, 0, { isEnded: () => isOver, pausesMs: never });
    const write = (): void => void setTimeout(() => void appendFile(path, 'line\n'), 20);
    write();
    let all = '';
    for await (const chunk of spool) {
      all += chunk.toString();
      if (all.length < 50) write();
      else
        setTimeout(() => {
          isOver = true;
          spool.poke();
        }, 20);
    }
    expect(all).toBe('line\n'.repeat(10));
  });

  it('looks ever more seldom while nothing happens', async () => {
    const path = await newSpool();
    await writeFile(path, '');
    let asked = 0;
    const stop = new AbortController();
    const isEnded = (): boolean => {
      if (++asked === 12) stop.abort();
      return false;
    };
    const start = performance.now();
    await collect(followSpool(path, 0, { isEnded, signal: stop.signal }));
    // 20 + 40 + 80 + 160, then 250 each: timers may be late, never early
    expect(performance.now() - start).toBeGreaterThan(300 + 7 * 250 - 50);
  });

  it('hears of the end without looking', async () => {
    const path = await newSpool();
    await writeFile(path, 'x');
    let isOver = false;
    const ended = new Promise<void>((resolve) => {
      setTimeout(() => {
        isOver = true;
        resolve();
      }, 50);
    });
    expect(await collect(followSpool(path, 0, { isEnded: () => isOver, ended, pausesMs: never }))).toBe('x');
  });

  it('stops quietly when it is told to, also while it waits', async () => {
    const path = await newSpool();
    await writeFile(path, 'seen');
    const stop = new AbortController();
    const all = collect(followSpool(path, 0, { isEnded: () => false, signal: stop.signal, pausesMs: never }));
    setTimeout(() => stop.abort(), 50);
    expect(await all).toBe('seen');
    expect(await collect(followSpool(path, 0, { isEnded: () => false, signal: stop.signal }))).toBe('');
  });

  it('says so when the spool became shorter than what it gave', async () => {
    const path = await newSpool();
    await writeFile(path, '0123456789');
    const iterator = followSpool(path, 0, { isEnded: () => false })[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: Buffer.from('0123456789') });
    await truncate(path, 3);
    await expect(iterator.next()).rejects.toThrow(/became shorter \(3 bytes\)/);
  });

  it('waits for one that is behind what was asked for, and ends with it', async () => {
    const path = await newSpool();
    await writeFile(path, '012');
    expect(await collect(followSpool(path, 10, { isEnded: () => true }))).toBe('');
    setTimeout(() => void writeFile(path, '0123456789ab'), 30);
    let looks = 0;
    expect(await collect(followSpool(path, 10, { isEnded: () => ++looks > 10 }))).toBe('ab');
  });

  it('keeps pieces small enough for a frame', async () => {
    const path = await newSpool();
    await writeFile(path, Buffer.alloc(1_000_000));
    for await (const chunk of followSpool(path, 0, { isEnded: () => true }))
      expect(chunk.length).toBeLessThanOrEqual(65_536);
  });
});
