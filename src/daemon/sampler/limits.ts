import { readdirSync } from 'node:fs';
import {
  parseBytesAsKib,
  parseCfsQuota,
  parseCgroupProcs,
  parseCpuMax,
  parseInactiveFileKib,
} from '../../core/proc/cgroup-files.js';
import {
  findCgroup,
  parseCgroupMembership,
  type CgroupPlace,
  type Controller,
} from '../../core/proc/cgroup-place.js';
import { parseCpuList } from '../../core/proc/cpu-list.js';
import { parseMountinfo } from '../../core/proc/mountinfo.js';
import { parseProcessStatus } from '../../core/proc/process-status.js';
import { readKernelFile } from './kernel-file.js';

export interface Roots {
  readonly procRoot: string;
  /** Put before the mount points that mountinfo names; empty on a real machine. */
  readonly cgroupRoot: string;
}

/** A cgroup that holds this process back; the tightest one where several do. */
export interface CpuLimit {
  /** Processors' worth of time. */
  readonly quota: number;
  /** Where its processes are listed. */
  readonly folder: string;
  /** File with the CPU time that the group has used. */
  readonly usageFile: string;
  readonly version: 1 | 2;
}

export interface MemoryLimit {
  readonly limitKib: number;
  readonly usedKib: number;
  /** Of what is used, what the kernel takes back first. */
  readonly reclaimableKib: number;
}

/** Where this process's cgroups are. */
export interface Cgroups {
  readonly cpu: CgroupPlace | null;
  readonly cpuacct: CgroupPlace | null;
  readonly memory: CgroupPlace | null;
}

export function findCgroups({ procRoot, cgroupRoot }: Roots): Cgroups {
  const memberships = parseCgroupMembership(readKernelFile(`${procRoot}/self/cgroup`) ?? '');
  const mounts = parseMountinfo(readKernelFile(`${procRoot}/self/mountinfo`) ?? '');
  const find = (controller: Controller): CgroupPlace | null => {
    const place = findCgroup(controller, memberships, mounts);
    return place && { ...place, folders: place.folders.map((folder) => `${cgroupRoot}${folder}`) };
  };
  return { cpu: find('cpu'), cpuacct: find('cpuacct'), memory: find('memory') };
}

/** Null without a quota. Every group on the way up may have one. */
export function readCpuLimit({ cpu, cpuacct }: Cgroups): CpuLimit | null {
  if (!cpu) return null;
  const limits = cpu.folders.flatMap((folder, depth) => {
    const quota = readQuota(folder, cpu.version);
    if (quota === null) return [];
    const usageFolder = cpu.version === 2 ? folder : cpuacct?.folders[depth];
    const usageFile = `${usageFolder ?? folder}/${cpu.version === 2 ? 'cpu.stat' : 'cpuacct.usage'}`;
    return [{ quota, folder, usageFile, version: cpu.version }];
  });
  return limits.reduce<CpuLimit | null>(
    (least, limit) => (least && least.quota <= limit.quota ? least : limit),
    null,
  );
}

function readQuota(folder: string, version: 1 | 2): number | null {
  if (version === 2) return parseCpuMax(readKernelFile(`${folder}/cpu.max`) ?? '');
  const quota = readKernelFile(`${folder}/cpu.cfs_quota_us`);
  return quota === null || quota.startsWith('-')
    ? null
    : parseCfsQuota(quota, readKernelFile(`${folder}/cpu.cfs_period_us`) ?? '');
}

/** All groups on the way up that limit memory. */
export function readMemoryLimits({ memory }: Cgroups): readonly MemoryLimit[] {
  if (!memory) return [];
  const [limitFile, usageFile] =
    memory.version === 2
      ? ['memory.max', 'memory.current']
      : ['memory.limit_in_bytes', 'memory.usage_in_bytes'];
  return memory.folders.flatMap((folder) => {
    const limitKib = parseBytesAsKib(readKernelFile(`${folder}/${limitFile}`) ?? '');
    const usedKib = parseBytesAsKib(readKernelFile(`${folder}/${usageFile}`) ?? '');
    if (limitKib === null || usedKib === null) return [];
    const reclaimableKib = parseInactiveFileKib(readKernelFile(`${folder}/memory.stat`) ?? '');
    return [{ limitKib, usedKib, reclaimableKib }];
  });
}

/** Processors that this process may run on; null = any (or unknown). */
export function readAllowedCpus({ procRoot }: Roots): ReadonlySet<number> | null {
  const status = parseProcessStatus(readKernelFile(`${procRoot}/self/status`) ?? '');
  return parseCpuList(status.get('Cpus_allowed_list') ?? '!');
}

const deepestGroup = 16;

/** Processes of the group and of those below it. */
export function listGroup(folder: string, depth = 0): readonly number[] {
  if (depth > deepestGroup) return [];
  const own = parseCgroupProcs(readKernelFile(`${folder}/cgroup.procs`) ?? '');
  return [...own, ...groupsBelow(folder).flatMap((name) => listGroup(`${folder}/${name}`, depth + 1))];
}

function groupsBelow(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}
