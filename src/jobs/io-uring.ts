import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ioUringDenyingFilter } from '../core/seccomp-filter.js';
import { findCriu } from './criu-tools.js';
import { works } from './namespaces.js';

let known: Promise<Uint8Array | null> | undefined;

/**
 * The seccomp filter that jobs are started under, so that Node.js and others do without io_uring, which CRIU can't
 * save; null where there is no need for it or no way. Only for root: for others the kernel wants no_new_privs along
 * with it, which would break sudo and ping inside of a job, and an unprivileged CRIU may not read filters anyway.
 */
export function ioUringFilter(): Promise<Uint8Array | null> {
  known ??= look();
  return known;
}

async function look(): Promise<Uint8Array | null> {
  const filter = ioUringDenyingFilter(arch());
  if (filter === null || process.getuid?.() !== 0) return null;
  if ((await isDisabled()) || !(await findCriu()).ok) return null;
  return (await isKnownToSetpriv(filter)) ? filter : null;
}

async function isDisabled(): Promise<boolean> {
  const text = await readFile('/proc/sys/kernel/io_uring_disabled', 'latin1').catch(() => '0');
  return text.trim() === '2';
}

/** Since util-linux 2.41. */
async function isKnownToSetpriv(filter: Uint8Array): Promise<boolean> {
  const dir = await mkdtemp(join(tmpdir(), 'moskit-filter-'));
  try {
    const path = join(dir, 'filter');
    await writeFile(path, filter, { mode: 0o600 });
    return await works([...seccompWords(path), 'true']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export function seccompWords(path: string): readonly string[] {
  return ['setpriv', '--seccomp-filter', path, '--'];
}
