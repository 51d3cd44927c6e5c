import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { mayUseLab } from '../../fixtures/lab/lab.js';
import { labsDir } from '../../fixtures/lab/paths.js';
import { pollUntil } from '../poll-until.js';

const demo = join(import.meta.dirname, '..', '..', 'dist', 'demo.mjs');
const start = (args: readonly string[]) => spawn(process.execPath, [demo, '--lab', '--no-tui', ...args]);
const labOf = (pid: number | undefined): boolean => existsSync(join(labsDir(), `demo-${pid}`));

describe.skipIf(!(await mayUseLab()))('npm run demo -- --lab', () => {
  it('moves programs by CRIU that know nothing of it, and takes its lab down', async () => {
    const child = start(['--cpu', '60,60', '--jobs', '2', '--work', '14']);
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    expect({ code, stderr, story: code === 0 ? '' : stdout }).toEqual({ code: 0, stderr: '', story: '' });
    expect(stdout).toMatch(/ job 1-\d moved 1 → 2: [a-z ]+ \(criu, stood still/);
    expect(stdout).toMatch(/^2 jobs, all outputs right/m);
    expect(labOf(child.pid)).toBe(false);
  });

  it('takes its lab down when it is interrupted', async () => {
    const child = start(['--cpu', '50,50']);
    await pollUntil(() => labOf(child.pid), 60_000);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(143);
    expect(readdirSync(labsDir())).not.toContain(`demo-${child.pid}`);
  });
});
