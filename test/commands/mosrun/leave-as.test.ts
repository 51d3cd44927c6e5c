import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobExit } from '../../../src/core/cluster-map.js';
import { leaveAs } from '../../../src/commands/mosrun/leave-as.js';

const source = new URL('../../../src/commands/mosrun/leave-as.ts', import.meta.url).pathname;

/** A process that has a handler, as the deputy has, and leaves as its job left. */
const leaver = `
import { leaveAs } from ${JSON.stringify(source)};
process.on('SIGTERM', () => undefined);
process.on('SIGUSR1', () => undefined);
const code = leaveAs(JSON.parse(process.argv[2]));
setTimeout(() => process.exit(code), 500);`;

describe('mosrun leaves', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'leave-'));
    program = join(folder, 'leave.mjs');
    const { outputFiles } = await build({
      stdin: { contents: leaver, resolveDir: folder, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
    });
    writeFileSync(program, outputFiles[0]!.text);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const leave = async (exit: JobExit): Promise<unknown> => {
    const child = spawn(process.execPath, [program, JSON.stringify(exit)], { stdio: 'inherit' });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return code ?? signal;
  };

  it.each([0, 1, 85, 125, 143, 255])('with the exit code of its job, %d', (code) => {
    expect(leaveAs({ kind: 'code', code })).toBe(code);
  });

  it.each(['SIGTERM', 'SIGUSR1', 'SIGKILL', 'SIGHUP', 'SIGALRM'])(
    'by the signal that its job died of, %s, whatever it has to catch it',
    async (signal) => {
      expect(await leave({ kind: 'signal', signal })).toBe(signal);
    },
  );

  it.each([
    ['SIGSEGV', 139],
    ['SIGABRT', 134],
    ['SIGQUIT', 131],
    ['SIGPIPE', 141],
  ])('with the shell’s number for %s, and no core dump of its own', async (signal, code) => {
    expect(await leave({ kind: 'signal', signal })).toBe(code);
  });

  it('with 125 when nobody knows how its job ended, or of what', () => {
    expect(leaveAs({ kind: 'unknown', reason: 'gone' })).toBe(125);
    expect(leaveAs({ kind: 'signal', signal: 'SIGWHAT' })).toBe(125);
  });
});
