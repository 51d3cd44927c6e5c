import { readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { ioUringDenyingFilter } from '../core/seccomp-filter.js';
import { findCriu } from './criu-tools.js';
import { filterLoaders } from './seccomp-loaders.js';
import { works } from './namespaces.js';

let known: Promise<readonly (readonly string[])[]> | undefined;

/**
 * The words under which jobs are started so that Node.js and others do without io_uring, which CRIU can't save; none
 * where there is no need for it or no way. Only for root: for others the kernel wants no_new_privs along with a
 * filter, which would break sudo and ping inside of a job, and an unprivileged CRIU may not read filters anyway.
 */
export async function withoutIoUring(env: readonly string[]): Promise<readonly string[]> {
  known ??= workingLoaders();
  const minded = env.some((pair) => pair.startsWith('PERL5OPT=')); // perl would do what it says
  return (await known).find(([program]) => !minded || program !== 'perl') ?? [];
}

async function workingLoaders(): Promise<readonly (readonly string[])[]> {
  const filter = ioUringDenyingFilter(arch());
  if (filter === null || process.getuid?.() !== 0) return [];
  if ((await isDisabled()) || !(await findCriu()).ok) return [];
  const loaders = filterLoaders(filter, arch());
  const good = await Promise.all(loaders.map((words) => works([...words, ...looksFiltered])));
  return loaders.filter((_, index) => good[index]);
}

const looksFiltered = ['grep', '-q', '^Seccomp:.*2', '/proc/self/status'];

async function isDisabled(): Promise<boolean> {
  const text = await readFile('/proc/sys/kernel/io_uring_disabled', 'latin1').catch(() => '0');
  return text.trim() === '2';
}
