import { readFile, stat, statfs } from 'node:fs/promises';

/** What tells a folder where no file can be left in it. */
export interface FolderIdentity {
  readonly dev: string;
  readonly ino: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly bootId: string;
  /** The folder lies on a file system that several machines can share (NFS, CephFS, …). */
  readonly network: boolean;
}

/** f_type of statfs(2), from linux/magic.h and the file systems' own sources. */
const networkTypes: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xfe534d42, // SMB2
  0xff534d42, // CIFS
  0x00c36400, // CephFS
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x5346414f, // AFS
  0x01021997, // 9p
  0x7461636f, // OCFS2
  0x01161970, // GFS2
  0x19830326, // BeeGFS
  0xaad7aaea, // PanFS
]);

export async function readIdentity(dir: string): Promise<FolderIdentity> {
  const [stats, fileSystem, bootId] = [
    await stat(dir, { bigint: true }),
    await statfs(dir),
    await readBootId(),
  ];
  return {
    dev: String(stats.dev),
    ino: String(stats.ino),
    mtimeNs: String(stats.mtimeNs),
    ctimeNs: String(stats.ctimeNs),
    bootId,
    network: networkTypes.has(fileSystem.type >>> 0),
  };
}

/**
 * Under one kernel, device and inode are enough (other namespaces included). Between two machines they are worth
 * something only on a shared file system: machines cloned from one image have all of these in common, times included.
 */
export function isSameIdentity(one: FolderIdentity, other: FolderIdentity): boolean {
  if (one.ino !== other.ino) return false;
  if (one.bootId !== '' && one.bootId === other.bootId) return one.dev === other.dev;
  return one.network && other.network && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs;
}

/** '' where the kernel does not say. */
async function readBootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
