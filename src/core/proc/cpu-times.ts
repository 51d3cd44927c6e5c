/** One `cpu` line of /proc/stat, in clock ticks since boot. */
export interface CpuTimes {
  /** Of everything except waiting: user, nice, system, irq, softirq. */
  readonly busy: number;
  /** idle + iowait. */
  readonly idle: number;
  /** Taken by the hypervisor while something wanted to run. */
  readonly steal: number;
}

export interface MachineTimes {
  readonly all: CpuTimes;
  readonly perCpu: ReadonlyMap<number, CpuTimes>;
}

/** Null when the text has no `cpu` line. guest time is not added: the kernel counts it in user already. */
export function parseCpuTimes(text: string): MachineTimes | null {
  let all: CpuTimes | null = null;
  const perCpu = new Map<number, CpuTimes>();
  for (const line of text.split('\n', 8192)) {
    if (!line.startsWith('cpu')) break; // the cpu lines come first
    const [name = '', ...numbers] = line.trim().split(/ +/);
    if (name === 'cpu') all = timesFrom(numbers.map(Number));
    else perCpu.set(Number(name.slice(3)), timesFrom(numbers.map(Number)));
  }
  return all && { all, perCpu };
}

function timesFrom([
  user = 0,
  nice = 0,
  system = 0,
  idle = 0,
  iowait = 0,
  irq = 0,
  softirq = 0,
  steal = 0,
]: readonly number[]): CpuTimes {
  return { busy: user + nice + system + irq + softirq, idle: idle + iowait, steal };
}

/** The same summed over some processors: those that this process may use. */
export function timesOf(machine: MachineTimes, cpus: ReadonlySet<number>): CpuTimes {
  const chosen = [...machine.perCpu].filter(([cpu]) => cpus.has(cpu)).map(([, times]) => times);
  if (chosen.length === 0) return machine.all;
  const sum = (pick: (times: CpuTimes) => number): number =>
    chosen.reduce((total, times) => total + pick(times), 0);
  return { busy: sum((t) => t.busy), idle: sum((t) => t.idle), steal: sum((t) => t.steal) };
}
