/** v2 `cpu.max`: `max 100000` or `QUOTA PERIOD` in µs. Processors' worth of time; null = no limit. */
export function parseCpuMax(text: string): number | null {
  const match = /^(\d+) (\d+)/.exec(text);
  return match ? quotient(Number(match[1]), Number(match[2])) : null;
}

/** v1 `cpu.cfs_quota_us` (−1 = no limit) and `cpu.cfs_period_us`. */
export function parseCfsQuota(quotaText: string, periodText: string): number | null {
  return quotient(Number(quotaText), Number(periodText));
}

function quotient(quotaUs: number, periodUs: number): number | null {
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : null;
}

/** More than any machine has: v1 writes "no limit" as the largest number of whole pages that fits 63 bits. */
const boundlessKib = 2 ** 50;

/** `memory.max`, `memory.limit_in_bytes`, `memory.current`, `memory.usage_in_bytes` in KiB; null = no limit, or no number. */
export function parseBytesAsKib(text: string): number | null {
  const match = /^(\d+)\s*$/.exec(text);
  if (!match) return null;
  const kib = Math.floor(Number(match[1]) / 1024);
  return kib < boundlessKib ? kib : null;
}

/** File pages that the kernel gives back first, of the group and those below it: v1 `total_inactive_file`, v2 `inactive_file`. */
export function parseInactiveFileKib(text: string): number {
  const field = /^total_inactive_file (\d+)$/m.exec(text) ?? /^inactive_file (\d+)$/m.exec(text);
  return field ? Math.floor(Number(field[1]) / 1024) : 0;
}

/** CPU time used so far by the group and those below it, µs: v1 `cpuacct.usage` (ns). */
export function parseCpuacctUsageUs(text: string): number | null {
  const match = /^(\d+)\s*$/.exec(text);
  return match ? Number(match[1]) / 1000 : null;
}

/** The same from v2 `cpu.stat`. */
export function parseCpuStatUsageUs(text: string): number | null {
  const match = /^usage_usec (\d+)$/m.exec(text);
  return match ? Number(match[1]) : null;
}

/** `cgroup.procs`: PIDs as seen from our namespace; 0 stands for those that can't be seen from it. */
export function parseCgroupProcs(text: string): readonly number[] {
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}
