import type { NodeReport } from './cluster-map.js';
import { effectiveProcessors } from './effective-speed.js';
import { idleLoad, stepLoad, type LoadState } from './load.js';
import { findCgroup, parseCgroupMembership } from './proc/cgroup-place.js';
import { parseCpuList } from './proc/cpu-list.js';
import { parseCpuTimes, timesOf, type CpuTimes } from './proc/cpu-times.js';
import { parseLoadavg } from './proc/loadavg.js';
import { parseMeminfo, type Meminfo } from './proc/meminfo.js';
import { parseMountinfo } from './proc/mountinfo.js';
import { cpuQuota, memoryBounds, type CgroupPlaces, type CpuQuota, type MemoryBound } from './sh-limits.js';
import { guessSpeed } from './speed-guess.js';

/** What the sh sampler prints: `@name` lines, each followed by the lines of one file. */
export type Sections = ReadonlyMap<string, string>;

/** What a node says of itself once. */
export interface ShFacts extends CgroupPlaces {
  /** Processors that it may run on; null = all. */
  readonly allowed: ReadonlySet<number> | null;
  readonly allowedCpus: number;
  readonly machineCpus: number;
  readonly guessedSpeed: number;
}

/** One answer: what was so at one moment. */
export interface ShSample {
  readonly atMs: number;
  /** Tasks that ran or waited for a processor, the sampler left out. */
  readonly running: number;
  readonly times: CpuTimes;
  readonly memory: Pick<NodeReport, 'mem' | 'rmem' | 'tmem'>;
  readonly quota: CpuQuota | null;
}

/** A node's last sample, and the load that all of them together make. */
export interface ShHistory {
  readonly sample: ShSample;
  readonly load: LoadState;
}

export function parseSections(text: string): Sections {
  const parts = text.split(/^@/m).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return end < 0 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}

/** A string is what is wrong with the answer. */
export function parseShFacts(sections: Sections): ShFacts | string {
  const online = parseCpuTimes(sections.get('stat') ?? '')?.perCpu;
  if (!online || online.size === 0) return 'its /proc/stat shows no processors';
  const status = /^Cpus_allowed_list:\s*(\S+)/m.exec(sections.get('status') ?? '');
  const list = status ? parseCpuList(status[1]!) : null;
  const usable = [...online.keys()].filter((cpu) => list?.has(cpu));
  const isPart = usable.length > 0 && usable.length < online.size;
  const memberships = parseCgroupMembership(sections.get('cgroup') ?? '');
  const mounts = parseMountinfo(sections.get('mountinfo') ?? '');
  return {
    allowed: isPart ? new Set(usable) : null,
    allowedCpus: isPart ? usable.length : online.size,
    machineCpus: online.size,
    guessedSpeed: guessSpeed(sections.get('cpuinfo') ?? ''),
    cpu: findCgroup('cpu', memberships, mounts),
    cpuacct: findCgroup('cpuacct', memberships, mounts),
    memory: findCgroup('memory', memberships, mounts),
  };
}

/** A string is what is wrong with the answer. */
export function parseShSample(sections: Sections, facts: ShFacts, atMs: number): ShSample | string {
  const machine = parseCpuTimes(sections.get('stat') ?? '');
  const meminfo = parseMeminfo(sections.get('meminfo') ?? '');
  const running = runningTasks(sections, facts);
  if (!machine || !meminfo || running === null) return 'its /proc is not readable';
  const read = (path: string): string => sections.get(`file ${path}`) ?? '';
  return {
    atMs,
    running,
    times: facts.allowed ? timesOf(machine, facts.allowed) : machine.all,
    memory: memoryOf(meminfo, memoryBounds(facts, read)),
    quota: cpuQuota(facts, read),
  };
}

/** Counted by the sampler where it has a PID namespace of its own; else the kernel's count, in which awk itself was one. */
function runningTasks(sections: Sections, { allowedCpus, machineCpus }: ShFacts): number | null {
  const counted = sections.get('running');
  if (counted !== undefined) return /^\d+$/.test(counted.trim()) ? Number(counted) : null;
  const loadavg = parseLoadavg(sections.get('loadavg') ?? '');
  return loadavg && (Math.max(0, loadavg.running - 1) * allowedCpus) / machineCpus;
}

/** Free memory is what the machine has left, or what a limit leaves of it, whichever is less. */
function memoryOf(machine: Meminfo, bounds: readonly MemoryBound[]): ShSample['memory'] {
  const least = (whole: number, left: (bound: MemoryBound) => number): number =>
    Math.max(0, Math.min(whole, ...bounds.map(left)));
  return {
    mem: least(machine.availableKib, (bound) => bound.limitKib - bound.usedKib + bound.reclaimableKib),
    rmem: least(machine.freeKib, (bound) => bound.limitKib - bound.usedKib),
    tmem: least(machine.totalKib, (bound) => bound.limitKib),
  };
}

/** The first sample only begins the history: it was taken amid the work of logging in. */
export function stepHistory(before: ShHistory | null, sample: ShSample, facts: ShFacts): ShHistory {
  if (!before) return { sample, load: idleLoad };
  const running = Math.min(sample.running, mostRunning(before.sample, sample, facts));
  const cycle = { running, usable: usableShare(before.sample, sample), comingIn: 0 };
  return { sample, load: stepLoad(before.load, cycle, processorsOf(sample, facts)) };
}

/**
 * The moment of a sample is never a quiet one: sshd, sh and whatever else is sampled at that moment run. But processors
 * that were busy for a share u of the time had a mean queue of about u / (1 − u) each (a queue of random arrivals), and
 * as many processes as fill a share u of them are always fewer than that.
 */
function mostRunning(before: ShSample, now: ShSample, facts: ShFacts): number {
  const used = usedShare(before, now, facts);
  const cpus = Math.min(now.quota?.cpus ?? Infinity, facts.allowedCpus);
  return used < 1 ? (cpus * used) / (1 - used) : Infinity;
}

/** What other nodes may know of a node that is only watched: it takes no jobs, and its speed is a guess. */
export function reportOf(before: ShHistory | null, { sample, load }: ShHistory, facts: ShFacts): NodeReport {
  const { speed, cpus } = processorsOf(sample, facts);
  const { mem, rmem, tmem } = sample.memory;
  return {
    load: sane(Math.round(load.load)),
    ownload: sane(Math.round(load.ownload)),
    speed: sane(speed),
    cpus: sane(cpus),
    util: sane(Math.round(usedShare(before?.sample, sample, facts) * 100)),
    mem: sane(mem),
    rmem: sane(rmem),
    tmem: sane(tmem),
    guests: 0,
    freeslots: 0,
    block: false,
    stay: false,
    lstay: false,
    quiet: false,
    drivers: [],
    version: '',
  };
}

/** The node may write what it likes into its answer; a number that JSON has none for would spoil the whole map. */
function sane(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, value));
}

function processorsOf(sample: ShSample, facts: ShFacts): { readonly speed: number; readonly cpus: number } {
  return effectiveProcessors(facts.guessedSpeed, facts.allowedCpus, sample.quota?.cpus ?? null);
}

function usableShare(before: ShSample | undefined, now: ShSample): number {
  if (!before) return 1;
  const steal = Math.max(0, now.times.steal - before.times.steal);
  const all = steal + (now.times.busy - before.times.busy) + (now.times.idle - before.times.idle);
  return all > 0 ? 1 - steal / all : 1;
}

/** Of a quota where there is one: the machine's idle time says nothing to a group that is held back. */
function usedShare(before: ShSample | undefined, now: ShSample, { allowedCpus }: ShFacts): number {
  if (!before) return 0;
  const quota = now.quota;
  const usedUs = quota?.usedUs ?? null;
  const usedBefore = before.quota?.usedUs ?? null;
  if (quota && usedUs !== null && usedBefore !== null && now.atMs > before.atMs) {
    const share =
      (usedUs - usedBefore) / ((now.atMs - before.atMs) * 1000 * Math.min(quota.cpus, allowedCpus));
    return Math.max(0, Math.min(1, share));
  }
  const busy = Math.max(0, now.times.busy - before.times.busy);
  const idle = Math.max(0, now.times.idle - before.times.idle);
  return busy + idle > 0 ? busy / (busy + idle) : 0;
}
