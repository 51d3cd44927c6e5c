import {
  parseBytesAsKib,
  parseCfsQuota,
  parseCpuMax,
  parseCpuStatUsageUs,
  parseCpuacctUsageUs,
  parseInactiveFileKib,
} from './proc/cgroup-files.js';
import type { CgroupPlace } from './proc/cgroup-place.js';

/** Where the groups are that hold a node back; null = not to be seen. */
export interface CgroupPlaces {
  readonly cpu: CgroupPlace | null;
  readonly cpuacct: CgroupPlace | null;
  readonly memory: CgroupPlace | null;
}

/** The tightest CPU quota, and what its group has used so far. */
export interface CpuQuota {
  /** Processors' worth of time. */
  readonly cpus: number;
  readonly usedUs: number | null;
}

export interface MemoryBound {
  readonly limitKib: number;
  readonly usedKib: number;
  readonly reclaimableKib: number;
}

/** Text of a file on the node, '' when there is none. */
export type ReadText = (path: string) => string;

const cpuFiles = { 1: ['cpu.cfs_quota_us', 'cpu.cfs_period_us'], 2: ['cpu.max', 'cpu.stat'] } as const;
const memoryFiles = {
  1: ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'memory.stat'],
  2: ['memory.max', 'memory.current', 'memory.stat'],
} as const;

/** All files that the limits can be read from. A group whose path does not survive being a word of `sh` is left out. */
export function limitFiles({ cpu, cpuacct, memory }: CgroupPlaces): readonly string[] {
  return [
    ...filesIn(cpu, (version) => cpuFiles[version]),
    ...(cpu?.version === 1 ? filesIn(cpuacct, () => ['cpuacct.usage']) : []),
    ...filesIn(memory, (version) => memoryFiles[version]),
  ];
}

function filesIn(place: CgroupPlace | null, names: (version: 1 | 2) => readonly string[]): readonly string[] {
  const folders = place?.folders.filter((folder) => /^[A-Za-z0-9_@%+=:,./-]+$/.test(folder)) ?? [];
  return folders.flatMap((folder) => names(place!.version).map((name) => `${folder}/${name}`));
}

/** Null without a quota. Every group on the way up may have one. */
export function cpuQuota({ cpu, cpuacct }: CgroupPlaces, read: ReadText): CpuQuota | null {
  if (!cpu) return null;
  const quotas = cpu.folders.flatMap((folder, depth): CpuQuota[] => {
    const cpus =
      cpu.version === 2
        ? parseCpuMax(read(`${folder}/cpu.max`))
        : parseCfsQuota(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`));
    if (cpus === null) return [];
    const usedUs =
      cpu.version === 2
        ? parseCpuStatUsageUs(read(`${folder}/cpu.stat`))
        : parseCpuacctUsageUs(read(`${cpuacct?.folders[depth] ?? folder}/cpuacct.usage`));
    return [{ cpus, usedUs }];
  });
  return quotas.reduce<CpuQuota | null>(
    (least, quota) => (least && least.cpus <= quota.cpus ? least : quota),
    null,
  );
}

/** All groups on the way up that limit memory. */
export function memoryBounds({ memory }: CgroupPlaces, read: ReadText): readonly MemoryBound[] {
  if (!memory) return [];
  const [limitFile, usageFile, statFile] = memoryFiles[memory.version];
  return memory.folders.flatMap((folder) => {
    const limitKib = parseBytesAsKib(read(`${folder}/${limitFile}`));
    const usedKib = parseBytesAsKib(read(`${folder}/${usageFile}`));
    if (limitKib === null || usedKib === null) return [];
    return [{ limitKib, usedKib, reclaimableKib: parseInactiveFileKib(read(`${folder}/${statFile}`)) }];
  });
}
