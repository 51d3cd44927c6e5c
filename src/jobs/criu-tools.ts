import { messageOf } from '../errors.js';
import { reasonInLog } from './criu-log.js';
import { programNamed, say } from './say.js';

const checkMs = 20_000;

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

type Way = Pick<Criu, 'words' | 'privilege'>;

let known: Promise<CriuAnswer> | undefined;

/** Looked for once: whether CRIU is here, works with this kernel, and may be used by this user. */
export function findCriu(): Promise<CriuAnswer> {
  known ??= look().catch((error: unknown) => ({ ok: false, reason: `criu: ${messageOf(error)}` }));
  return known;
}

async function look(): Promise<CriuAnswer> {
  const program = await programNamed('criu');
  if (program === null) return { ok: false, reason: 'criu is not installed on this node' };
  const version = parseCriuVersion((await say([program, '--version'], checkMs)).text);
  const ways = await waysOf(program);
  const checks = await Promise.all(ways.map((way) => say([...way.words, 'check'], checkMs)));
  const good = checks.findIndex(({ code }) => code === 0);
  if (good >= 0) return { ok: true, criu: { ...ways[good]!, version } };
  if (process.getuid?.() !== 0) return { ok: false, reason: needsPrivileges };
  return { ok: false, reason: `criu does not work with this kernel: ${reasonInLog(checks[0]?.text ?? '')}` };
}

const needsPrivileges =
  'criu needs privileges here: root, sudo without a password, or file capabilities ' +
  '(cap_checkpoint_restore,cap_sys_ptrace,cap_setpcap=eip)';

async function waysOf(program: string): Promise<readonly Way[]> {
  if (process.getuid?.() === 0) return [{ words: [program], privilege: 'root' }];
  const sudo = await programNamed('sudo');
  return [
    { words: [program, '--unprivileged'], privilege: 'capabilities' },
    // With the user's groups, not root's: a process that had none is given those of CRIU. Not every sudo has `-P`.
    ...(sudo === null
      ? []
      : [['-n', '-P'], ['-n']].map(
          (flags) => ({ words: [sudo, ...flags, program], privilege: 'sudo' }) as const,
        )),
  ];
}

function parseCriuVersion(text: string): number {
  const [, major = '0', minor = '0', patch = '0'] = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return Number(major) * 10_000 + Number(minor) * 100 + Number(patch);
}

/** 40101 → 4.1.1 */
export function formatCriuVersion(version: number): string {
  return [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100].join('.');
}
