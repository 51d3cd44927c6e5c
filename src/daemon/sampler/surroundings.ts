import { readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseCpuTimes } from '../../core/proc/cpu-times.js';
import { readKernelFile } from './kernel-file.js';
import {
  findCgroups,
  readAllowedCpus,
  readCpuLimit,
  type Cgroups,
  type CpuLimit,
  type Roots,
} from './limits.js';

/** What this process may use of the machine. Changes rarely: an administrator sets a quota, taskset moves it. */
export interface Surroundings {
  readonly cgroups: Cgroups;
  readonly cpuLimit: CpuLimit | null;
  /** Processors it may run on; null = all. */
  readonly allowed: ReadonlySet<number> | null;
  readonly allowedCpus: number;
  readonly machineCpus: number;
  readonly ownPidNamespace: boolean;
}

/** The kernel gives the first PID namespace this inode number since 3.8 (PROC_PID_INIT_INO). */
const initialPidNamespace = 'pid:[4026531836]';

export function readSurroundings(roots: Roots): Surroundings {
  const cgroups = findCgroups(roots);
  const online = parseCpuTimes(readKernelFile(`${roots.procRoot}/stat`) ?? '')?.perCpu;
  const allowed = readAllowedCpus(roots);
  const usable = online && allowed ? [...online.keys()].filter((cpu) => allowed.has(cpu)) : [];
  const machineCpus = online?.size ?? availableParallelism();
  // lxcfs shows a container a /proc/stat with processors numbered anew: then they are all its own.
  const isPart = usable.length > 0 && usable.length < machineCpus;
  return {
    cgroups,
    cpuLimit: readCpuLimit(cgroups),
    allowed: isPart ? new Set(usable) : null,
    allowedCpus: isPart ? usable.length : machineCpus,
    machineCpus,
    ownPidNamespace: hasOwnPidNamespace(roots.procRoot),
  };
}

function hasOwnPidNamespace(procRoot: string): boolean {
  try {
    return readlinkSync(`${procRoot}/self/ns/pid`) !== initialPidNamespace;
  } catch {
    return false;
  }
}

/** Equal texts: the meters made for one fit the other. */
export function describeSurroundings({
  cpuLimit,
  allowed,
  allowedCpus,
  ownPidNamespace,
}: Surroundings): string {
  return JSON.stringify([cpuLimit, allowed && [...allowed], allowedCpus, ownPidNamespace]);
}
