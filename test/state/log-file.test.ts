import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logFile } from '../../src/state/log-file.js';
import { canMount, smallDisk } from './temp-folder.js';

describe('logFile', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'moskit-log-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('appends, readable by its owner only', () => {
    const write = logFile(join(dir, 'mosd.log'));
    write('one\n');
    write('two\n');
    expect(readFileSync(join(dir, 'mosd.log'), 'utf8')).toBe('one\ntwo\n');
    expect(statSync(join(dir, 'mosd.log')).mode & 0o777).toBe(0o600);
  });

  it('keeps one old file of limited size', () => {
    const path = join(dir, 'mosd.log');
    const write = logFile(path);
    write('old\n');
    truncateSync(path, 9 * 1024 * 1024);
    write('new\n');
    expect(readFileSync(path, 'utf8')).toBe('new\n');
    expect(statSync(`${path}.1`).size).toBe(9 * 1024 * 1024);
  });

  it.runIf(canMount)('a line that a full disk cut off does not spoil the next one', async () => {
    const disk = await smallDisk(64);
    const path = join(disk, 'history');
    const write = logFile(path);
    writeFileSync(join(disk, 'filler'), Buffer.alloc(48 * 1024));
    write(`${'x'.repeat(100_000)}\n`);
    expect(readFileSync(path, 'utf8')).toMatch(/^x+$/);
    rmSync(join(disk, 'filler'));
    write('one\n');
    write('two\n');
    expect(readFileSync(path, 'utf8')).toMatch(/^x+\none\ntwo\n$/);
  });

  it('does not throw when nothing can be written', () => {
    const write = logFile(join(dir, 'no such folder', 'mosd.log'));
    expect(() => write('lost\n')).not.toThrow();
    expect(existsSync(join(dir, 'no such folder'))).toBe(false);
  });
});
