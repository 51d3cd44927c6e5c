import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from './run-tool.js';

describe('a command that starts from its compiled form', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'moskit-start-'));
    cpSync(join(repository, 'bin'), join(dir, 'bin'), { recursive: true });
    mkdirSync(join(dir, 'dist'));
    for (const file of ['moskit.mjs', 'tools.cjs', 'tools.cache', 'screen.cjs', 'screen.cache'])
      cpSync(join(repository, 'dist', file), join(dir, 'dist', file));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const run = (tool: string, ...args: readonly string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, [join(dir, 'bin', `${tool}.js`), ...args], {
      encoding: 'utf8',
      env: { ...process.env, MOSKIT_DIR: join(dir, 'state') },
    });
  const cache = (): string => join(dir, 'dist', 'tools.cache');

  it('runs, also what only the whole program can', () => {
    expect(run('mosctl', 'isup', '--help').stdout).toMatch(/^usage: mosctl isup/i);
    expect(run('moskit', 'showmap', '--help').stdout).toMatch(/showmap/);
    expect(run('mosmon', '--help').stdout).toMatch(/mosmon/);
  });

  it.each<[string, () => void]>([
    ['is missing', () => rmSync(cache())],
    ['is empty', () => writeFileSync(cache(), '')],
    [
      'belongs to another build',
      () => writeFileSync(cache(), `${'0'.repeat(32)}${readFileSync(cache(), 'latin1').slice(32)}`, 'latin1'),
    ],
    ['is damaged', () => writeFileSync(cache(), readFileSync(cache()).subarray(0, 50_000))],
  ])('runs without it when it %s', (_what, spoil) => {
    spoil();
    expect(run('mosctl', 'isup', '--help').stdout).toMatch(/^usage: mosctl isup/i);
  });

  it('is not what another source runs from', () => {
    const source = join(dir, 'dist', 'tools.cjs');
    const text = readFileSync(source, 'utf8');
    // as long as it was, so that V8 itself would not notice
    writeFileSync(
      source,
      text.replace(/^\/\*.{4}/, '/*0000').replace('Is a node active?', 'Is a node actIVE?'),
    );
    expect(run('mosctl', 'isup', '--help').stdout).toMatch(/actIVE/);
  });
});
