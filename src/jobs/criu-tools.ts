import { spawn, type ChildProcess } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MoskitError, messageOf } from '../errors.js';

const searched = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const checkMs = 20_000;
const maxSaidBytes = 16 * 1024;

/** How CRIU is to be called on this machine. */
export interface Criu {
  /** Words before the action: the program, with `sudo -n` in front or `--unprivileged` behind where needed. */
  readonly words: readonly string[];
  readonly privilege: 'root' | 'capabilities' | 'sudo';
  /** 40101 for 4.1.1. */
  readonly version: number;
}

export type CriuAnswer =
  { readonly ok: true; readonly criu: Criu } | { readonly ok: false; readonly reason: string };

let known: Promise<CriuAnswer> | undefined;

/** Looked for once: whether CRIU is here, works with this kernel, and may be used by this user. */
export function findCriu(): Promise<CriuAnswer> {
  known ??= look().catch((error: unknown) => ({ ok: false, reason: `criu: ${messageOf(error)}` }));
  return known;
}

async function look(): Promise<CriuAnswer> {
  const program = await programNamed('criu');
  if (program === null) return { ok: false, reason: 'criu is not installed on this node' };
  const reasons: string[] = [];
  for (const { words, privilege } of await waysOf(program)) {
    const checked = await say([...words, 'check'], checkMs);
    const version = parseVersion((await say([program, '--version'], checkMs)).text);
    if (checked.code === 0) return { ok: true, criu: { words, privilege, version } };
    reasons.push(lastError(checked.text) ?? `criu check ended with ${checked.code}`);
  }
  if (reasons.length > 0) return { ok: false, reason: `criu does not work with this kernel: ${reasons[0]}` };
  return {
    ok: false,
    reason:
      'criu needs privileges here: root, sudo without a password, or file capabilities (cap_checkpoint_restore)',
  };
}

async function waysOf(program: string): Promise<readonly Pick<Criu, 'words' | 'privilege'>[]> {
  if (process.getuid?.() === 0) return [{ words: [program], privilege: 'root' }];
  const ways: Pick<Criu, 'words' | 'privilege'>[] = [];
  const getcap = await programNamed('getcap');
  if (getcap !== null && (await say([getcap, program], checkMs)).text.includes('cap_checkpoint_restore')) {
    ways.push({ words: [program, '--unprivileged'], privilege: 'capabilities' });
  }
  const sudo = await programNamed('sudo');
  if (sudo !== null && (await say([sudo, '-n', program, '--version'], checkMs)).code === 0) {
    ways.push({ words: [sudo, '-n', program], privilege: 'sudo' });
  }
  return ways;
}

/** sbin is not on every user's PATH. */
export async function programNamed(name: string): Promise<string | null> {
  for (const folder of [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...searched]) {
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}

function parseVersion(text: string): number {
  const [, major = '0', minor = '0', patch = '0'] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return Number(major) * 10_000 + Number(minor) * 100 + Number(patch);
}

/** Runs a command to its end; keeps the last of what it says. */
export function say(
  words: readonly string[],
  timeoutMs: number,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  return outcomeOf(child);
}

function outcomeOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString('utf8')).slice(-maxSaidBytes);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

/** A failed CRIU step, said in words: the first error in its log is the cause, what follows is the way out. */
export async function criuError(step: 'dump' | 'restore' | 'page-server', log: string): Promise<MoskitError> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const first = firstError(text);
  return new MoskitError(`criu ${step} failed: ${first ?? 'it left no reason'}${meaningOf(text)}`);
}

function firstError(text: string): string | null {
  const line = text.split('\n').find((candidate) => /\bError\b/.test(candidate));
  return line === undefined ? null : tidy(line);
}

function lastError(text: string): string | null {
  const line = text.split('\n').findLast((candidate) => /\bError\b|not/i.test(candidate));
  return line === undefined ? null : tidy(line);
}

function tidy(line: string): string {
  return line
    .replace(/^\(\d+\.\d+\)\s*/, '')
    .replace(/^\s*(\d+:\s*)?Error\s*\([^)]*\):\s*/, '')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 300);
}

const meanings: readonly (readonly [RegExp, string])[] = [
  [/io_uring/, 'the program uses io_uring, which CRIU cannot save'],
  [/Unable to connect a transport socket/, 'the program has locked itself in (Landlock)'],
  [/Can't lookup mount/, 'it has a file open from another mount namespace'],
  [/bad size|bad build-id/, 'a file is not the same on the target'],
  [/Can't open file|can't open file/i, 'a file that it has open is missing on the target'],
  [/Connected TCP|tcp.*(connected|established)|inet.*socket/i, 'it has a network connection'],
  [/vdso|vvar/i, 'criu and this kernel do not fit together'],
  [/No space left/, 'the disk is full'],
  [/pid.*(exist|busy)|Pid .* already/i, 'a process number that it needs is taken on the target'],
];

function meaningOf(text: string): string {
  const found = meanings.find(([pattern]) => pattern.test(text));
  return found ? ` (${found[1]})` : '';
}

/** 40101 → 4.1.1 */
export function formatCriuVersion(version: number): string {
  return [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100].join('.');
}
