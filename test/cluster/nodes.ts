import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedCluster, EmbeddedNode } from '../../fixtures/embedded/cluster.js';
import { findMarked, markVariable } from '../../fixtures/embedded/reaper.js';
import type { DialOptions } from '../../src/cluster/dial.js';
import type { Dialled, PeerLink } from '../../src/cluster/peer-link.js';

const standIn = new URL('stand-in.mjs', import.meta.url).pathname;

/** A build of the stand-in program of its own: same version, other hash. */
export async function buildStandIn(cluster: EmbeddedCluster, name = 'program.mjs'): Promise<string> {
  const path = join(cluster.dir, name);
  await copyFile(standIn, path);
  await appendFile(path, `// ${name}\n`);
  return path;
}

export function dialOptions(cluster: EmbeddedCluster, n: number, program: string): DialOptions {
  return {
    address: `n${n}`,
    env: { ...process.env, MOSKIT_SSH_CONFIG: cluster.sshConfig },
    deadlineMs: 30_000,
    program,
    as: { home: 1, you: n, cluster: 'test' },
  };
}

export function linkOf(dialled: Dialled): PeerLink {
  if (dialled.kind === 'link') return dialled.link;
  throw new Error(`no link: ${dialled.reason}`);
}

/** Openings that the stand-in's daemon on a node has seen. */
export async function openings(node: EmbeddedNode): Promise<readonly { readonly open: string }[]> {
  const text = await readFile(join(node.home, '.moskit', 'openings'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { open: string });
}

/** Processes on the cluster whose command line ends with `word`. */
export async function processesWith(cluster: EmbeddedCluster, word: string): Promise<readonly number[]> {
  const mark = cluster.nodes[0]?.env[markVariable] ?? '';
  const found: number[] = [];
  for (const pid of findMarked(mark)) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')).split('\0');
    if (words.at(-2) === word) found.push(pid);
  }
  return found;
}

const realNodeJs = [process.execPath, '/usr/local/bin/node', '/usr/bin/node', '/usr/bin/nodejs'];

/** A shell that sees no real Node.js: their files are covered in a mount namespace. */
export const hidingNodeJs: readonly string[] = [
  'unshare',
  '-rm',
  'sh',
  '-c',
  `for n in ${realNodeJs.join(' ')}; do n=$(readlink -f $n) && test -f "$n" && mount --bind /dev/null "$n"; done; ` +
    'exec "$0" "$@"',
  '/bin/sh',
];

/** False where user namespaces are not allowed. */
export const canHideNodeJs = ((): boolean => {
  try {
    const [command, ...args] = [...hidingNodeJs, '-c', 'node -v || echo hidden'];
    return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString() === 'hidden\n';
  } catch {
    return false;
  }
})();
