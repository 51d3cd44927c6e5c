import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { listTree, type ListOptions } from '../../../src/jobs/staging/list-tree.js';
import type { Manifest } from '../../../src/jobs/staging/manifest.js';
import {
  receiveTree,
  type ReceiveOptions,
  type ReceiveResult,
} from '../../../src/jobs/staging/receive-tree.js';
import { removeTree } from '../../../src/jobs/staging/remove-tree.js';
import { sendTree, type SendOptions, type SendResult } from '../../../src/jobs/staging/send-tree.js';

/** A folder that is gone after the test. */
export async function newFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'moskit-staging-'));
  onTestFinished(() => removeTree(dir));
  return dir;
}

export async function manifestOf(root: string, options: ListOptions = {}): Promise<Manifest> {
  const listing = await listTree(root, options);
  if (listing.kind !== 'ok') throw new Error('too large');
  return listing.manifest;
}

/** Sends from one folder into another through a stream, as two machines would. */
export async function transfer(
  from: Omit<SendOptions, 'out'>,
  to: Partial<ReceiveOptions> & { readonly root: string },
): Promise<{ readonly sent: SendResult; readonly received: ReceiveResult }> {
  const stream = new PassThrough();
  const sending = sendTree({ ...from, out: stream });
  const receiving = receiveTree({ input: stream, limitBytes: 1e12, limitEntries: 1e6, ...to });
  sending.catch(() => stream.end());
  receiving.catch(() => stream.destroy());
  const [received, sent] = [await receiving, await sending];
  return { sent, received };
}

/** Everything a manifest says but what differs between two copies. */
export function shapeOf(manifest: Manifest): readonly unknown[] {
  return manifest.entries
    .map((entry) => ({
      path: entry.path,
      type: entry.type,
      mode: entry.type === 'symlink' ? null : entry.mode,
      micros: entry.type === 'fifo' || entry.type === 'symlink' ? null : BigInt(entry.mtimeNs) / 1000n,
      size: entry.size,
      linkTarget: entry.linkTarget,
    }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Runs a shell script in a folder; for what Node.js cannot make. */
export function sh(cwd: string, script: string): string {
  return execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

export function buffersOf(chunks: readonly (string | Buffer)[]): PassThrough {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  return stream;
}

/** Runs as an ordinary user where the tests run as root; `roots` are handed to that user first. */
export async function asOrdinaryUser<T>(roots: readonly string[], run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  const nobody = 65534;
  for (const root of roots) sh('/', `chown -R ${nobody} '${root}'`);
  process.seteuid?.(nobody);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}
