import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logFile } from '../../src/state/log-file.js';

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

  it('does not throw when nothing can be written', () => {
    const write = logFile(join(dir, 'no such folder', 'mosd.log'));
    expect(() => write('lost\n')).not.toThrow();
    expect(existsSync(join(dir, 'no such folder'))).toBe(false);
  });
});
