import { parseCpuacctUsageUs, parseCpuStatUsageUs } from '../../core/proc/cgroup-files.js';
import { parseCpuTimes, timesOf, type CpuTimes } from '../../core/proc/cpu-times.js';
import { KernelFile } from './kernel-file.js';
import type { CpuLimit } from './limits.js';

/** What the processors did since the last reading, as shares 0 … 1. */
export interface Utilisation {
  readonly used: number;
  /** What the hypervisor did not take. */
  readonly usable: number;
}

export interface UtilisationMeter {
  /** Null when nothing can be said, for example at the first reading. */
  read(nowMs: number): Utilisation | null;
  close(): void;
}

/** The machine's processors that this process may run on, from /proc/stat. */
export function meterMachine(procRoot: string, allowed: ReadonlySet<number> | null): UtilisationMeter {
  const file = new KernelFile(`${procRoot}/stat`);
  let before: CpuTimes | null = null;
  return {
    read: () => {
      const machine = parseCpuTimes(file.read() ?? '');
      const now = machine && (allowed ? timesOf(machine, allowed) : machine.all);
      const result = before && now && compare(before, now);
      before = now;
      return result;
    },
    close: () => file.close(),
  };
}

function compare(before: CpuTimes, now: CpuTimes): Utilisation | null {
  const busy = Math.max(0, now.busy - before.busy);
  const idle = Math.max(0, now.idle - before.idle);
  const steal = Math.max(0, now.steal - before.steal);
  const all = busy + idle + steal;
  if (all === 0) return null;
  return { used: busy + idle === 0 ? 1 : busy / (busy + idle), usable: 1 - steal / all };
}

/** What a cgroup used of its quota: the machine's idle time says nothing to a group that is held back. */
export function meterGroup({ usageFile, version }: CpuLimit, cpus: number): UtilisationMeter {
  const file = new KernelFile(usageFile);
  const parse = version === 2 ? parseCpuStatUsageUs : parseCpuacctUsageUs;
  return meterCpuTime(
    () => parse(file.read() ?? ''),
    cpus,
    () => file.close(),
  );
}

/** Any CPU time that grows, µs, against `cpus` processors' worth. */
export function meterCpuTime(
  readUs: () => number | null,
  cpus: number,
  close: () => void = () => undefined,
): UtilisationMeter {
  let before: { readonly usedUs: number; readonly atMs: number } | null = null;
  return {
    read: (atMs) => {
      const usedUs = readUs();
      const last = before;
      before = usedUs === null ? null : { usedUs, atMs };
      if (usedUs === null || !last || atMs <= last.atMs) return null;
      const used = (usedUs - last.usedUs) / ((atMs - last.atMs) * 1000 * cpus);
      return { used: Math.max(0, Math.min(1, used)), usable: 1 };
    },
    close,
  };
}
