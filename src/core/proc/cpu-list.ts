const maxCpus = 8192;

/** `0-3,8` as the kernel writes it (Cpus_allowed_list, cpuset.cpus). Null when it is none. */
export function parseCpuList(text: string): ReadonlySet<number> | null {
  const cpus = new Set<number>();
  for (const part of text.trim().split(',').filter(Boolean)) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last >= maxCpus) return null;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return cpus;
}
