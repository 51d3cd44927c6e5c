import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { parseProcessMaps, type Mapping } from '../../core/proc/process-maps.js';
import { parseProcessStatus, type ProcessStatus } from '../../core/proc/process-status.js';

export const namespaceKinds = ['mnt', 'net', 'ipc', 'uts', 'user', 'pid', 'cgroup', 'time'] as const;
export type NamespaceKind = (typeof namespaceKinds)[number];

/** What a descriptor of a process leads to. */
export interface Descriptor {
  readonly fd: number;
  /** Link text: a path, `socket:[N]`, `pipe:[N]`, `anon_inode:…`; with ` (deleted)` cut off. */
  readonly target: string;
  readonly deleted: boolean;
  readonly writable: boolean;
  readonly file: FileKind;
  readonly size: number;
  /** Hard links that are left. */
  readonly links: number;
  /** Major and minor number of a device. */
  readonly device: readonly [number, number];
}

export type FileKind =
  'regular' | 'folder' | 'character device' | 'block device' | 'fifo' | 'socket' | 'other';

/** What the kernel tells of one process; read without stopping it. */
export interface Task {
  readonly pid: number;
  /** Name and PID, as a user knows the process. */
  readonly name: string;
  readonly status: ProcessStatus;
  readonly mappings: readonly Mapping[];
  readonly descriptors: readonly Descriptor[];
  readonly cwd: string;
  readonly root: string;
  readonly namespaces: Readonly<Record<NamespaceKind, string | null>>;
}

const deletedMark = ' (deleted)';

/** Null when the process has ended meanwhile. */
export async function readTask(pid: number): Promise<Task | null> {
  const dir = `/proc/${pid}`;
  try {
    const [status, maps, cwd, root, descriptors, namespaces] = await Promise.all([
      readFile(`${dir}/status`, 'utf8').then(parseProcessStatus),
      readFile(`${dir}/maps`, 'utf8'),
      readlink(`${dir}/cwd`),
      readlink(`${dir}/root`),
      readDescriptors(dir),
      readNamespaces(dir),
    ]);
    const inner = status.get('NSpid')?.split(/\s+/).at(-1) ?? String(pid);
    const name = `${status.get('Name') ?? '?'} (PID ${inner === String(pid) ? pid : `${pid}, ${inner} inside`})`;
    return { pid, name, status, mappings: parseProcessMaps(maps), descriptors, cwd, root, namespaces };
  } catch (error) {
    if (await hasEnded(pid)) return null;
    throw error;
  }
}

async function hasEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return /^State:\s+[ZX]/m.test(status) || status.startsWith('State:\tX');
}

async function readDescriptors(dir: string): Promise<readonly Descriptor[]> {
  const found = await Promise.all(
    (await readdir(`${dir}/fd`)).map((fd) => readDescriptor(dir, fd).catch(() => null)), // closed meanwhile
  );
  return found.filter((descriptor) => descriptor !== null);
}

async function readDescriptor(dir: string, fd: string): Promise<Descriptor> {
  const [link, info, stats] = await Promise.all([
    readlink(`${dir}/fd/${fd}`),
    readFile(`${dir}/fdinfo/${fd}`, 'latin1'),
    stat(`${dir}/fd/${fd}`),
  ]);
  const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8);
  const deleted = link.endsWith(deletedMark);
  return {
    fd: Number(fd),
    target: deleted ? link.slice(0, -deletedMark.length) : link,
    deleted,
    writable: (flags & 3) !== 0,
    file: kindOf(stats),
    size: stats.size,
    links: stats.nlink,
    device: [(stats.rdev >> 8) & 0xfff, (stats.rdev & 0xff) | ((stats.rdev >> 12) & 0xfff00)],
  };
}

function kindOf(stats: Awaited<ReturnType<typeof stat>>): FileKind {
  if (stats.isFile()) return 'regular';
  if (stats.isDirectory()) return 'folder';
  if (stats.isCharacterDevice()) return 'character device';
  if (stats.isBlockDevice()) return 'block device';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'other';
}

async function readNamespaces(dir: string): Promise<Task['namespaces']> {
  const links = await Promise.all(
    namespaceKinds.map(
      async (kind) => [kind, await readlink(`${dir}/ns/${kind}`).catch(() => null)] as const,
    ),
  );
  return Object.fromEntries(links) as Task['namespaces'];
}
