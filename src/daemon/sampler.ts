import { performance } from 'node:perf_hooks';
import { defaultAdmin } from '../core/admin.js';
import type { DecayPolicy, NodeReport } from '../core/cluster-map.js';
import type { DecayRates } from '../core/decay.js';
import { effectiveProcessors } from '../core/effective-speed.js';
import {
  idleLoad,
  noteArrival,
  noteDeparture,
  samplesPerCycle,
  stepLoad,
  type LoadState,
  type Processors,
} from '../core/load.js';
import { JobUsages, type JobUsage } from './sampler/job-usage.js';
import { KernelFile } from './sampler/kernel-file.js';
import { readMemoryLimits, type Roots } from './sampler/limits.js';
import { memoryReading, type MemoryReading } from './sampler/memory.js';
import { makeMeters, type Meters } from './sampler/meters.js';
import { describeSurroundings, readSurroundings, type Surroundings } from './sampler/surroundings.js';

export type { JobUsage } from './sampler/job-usage.js';

/** The measured part of a node's report; whole numbers. */
export type NodeReading = Pick<
  NodeReport,
  'load' | 'ownload' | 'speed' | 'cpus' | 'util' | 'mem' | 'rmem' | 'tmem'
>;

export interface SpeedSetting {
  /** 10000 = standard processor. */
  readonly speed: number;
  /** A person set it: it is then what the node has, and no quota is taken off. */
  readonly set: boolean;
}

export interface SamplerOptions {
  readonly speed: () => SpeedSetting;
  /** `mosctl setdecay`. */
  readonly decayRates?: () => DecayRates;
  /** Guests that are on their way here right now. */
  readonly comingIn?: () => number;
  /** First processes of the trees that alone count as this node's; for several nodes on one machine. */
  readonly trees?: () => readonly number[];
  readonly procRoot?: string;
  readonly cgroupRoot?: string;
  /** Monotonic. */
  readonly nowMs?: () => number;
  /** Processor time that this process has used, ms. */
  readonly usedMs?: () => number;
}

export interface Sampler {
  start(): void;
  stop(): void;
  current(): NodeReading;
  /** Guests arrived (or are about to): the exported load rises at once. */
  arrived(guests: number): void;
  /** Processes left: the own load falls at once. */
  left(processes: number): void;
  /** What the tree below this process takes; ask about once a second. */
  jobUsage(rootPid: number, policy?: DecayPolicy['policy']): JobUsage;
  /** One sample, and after each fourth one a load cycle: what `start` does four times a second. */
  tick(): void;
}

/** Uneven, so that what wakes up four times a second is not always met awake, or never. */
const waitsMs = [230, 270, 240, 260];
const surroundingsEveryCycles = 5;
/** Share of one processor that counting tasks may take: with a thousand processes there are fewer samples. */
const countingShare = 0.005;

/** Not the time on the clock: on a crowded node, where fresh samples matter most, most of that is waiting. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function createSampler(options: SamplerOptions): Sampler {
  return new NodeSampler(options);
}

class NodeSampler implements Sampler {
  readonly #options: SamplerOptions;
  readonly #roots: Roots;
  readonly #nowMs: () => number;
  readonly #usedMs: () => number;
  readonly #usages: JobUsages;
  readonly #meminfo: KernelFile;
  #around: Surroundings;
  #meters: Meters;
  #memory: MemoryReading;
  #util = 0;
  #load: LoadState = idleLoad;
  #counts: number[] = [];
  #lastCount = 0;
  #nextCountMs = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SamplerOptions) {
    const { procRoot = '/proc', cgroupRoot = '', nowMs = () => performance.now() } = options;
    this.#options = options;
    this.#roots = { procRoot, cgroupRoot };
    this.#nowMs = nowMs;
    this.#usedMs = options.usedMs ?? processorMs;
    this.#usages = new JobUsages(procRoot, nowMs);
    this.#meminfo = new KernelFile(`${procRoot}/meminfo`);
    this.#around = readSurroundings(this.#roots);
    this.#meters = this.#makeMeters();
    this.#memory = this.#readMemory();
    this.#readUtilisation();
  }

  start(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.start(); // first, so that a sample that fails does not end the loop
        this.tick();
      },
      waitsMs[this.#ticks % waitsMs.length],
    );
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#meminfo.close();
    this.#closeMeters();
  }

  tick(): void {
    this.#counts.push(this.#count());
    this.#ticks += 1;
    if (this.#counts.length >= samplesPerCycle) this.#cycle();
  }

  current(): NodeReading {
    const { speed, cpus } = this.#processors();
    return {
      load: Math.round(this.#load.load),
      ownload: Math.round(this.#load.ownload),
      speed,
      cpus,
      util: Math.round(this.#util * 100),
      ...this.#memory,
    };
  }

  arrived(guests: number): void {
    this.#load = noteArrival(this.#load, guests, this.#processors());
  }

  left(processes: number): void {
    this.#load = noteDeparture(this.#load, processes, this.#processors());
  }

  jobUsage(rootPid: number, policy: DecayPolicy['policy'] = 'none'): JobUsage {
    return this.#usages.read(rootPid, policy, this.#options.decayRates?.() ?? defaultAdmin);
  }

  #count(): number {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextCountMs) return this.#lastCount;
    const before = this.#usedMs();
    this.#lastCount = this.#meters.running.count();
    this.#nextCountMs = nowMs + (this.#usedMs() - before) / countingShare;
    return this.#lastCount;
  }

  #cycle(): void {
    const usable = this.#readUtilisation();
    this.#memory = this.#readMemory();
    const running = this.#counts.reduce((sum, count) => sum + count, 0) / this.#counts.length;
    this.#counts = [];
    const comingIn = this.#options.comingIn?.() ?? 0;
    this.#load = stepLoad(this.#load, { running, usable, comingIn }, this.#processors());
    if (this.#ticks % (surroundingsEveryCycles * samplesPerCycle) === 0) this.#lookAround();
  }

  /** Keeps the share that was used; returns the share that could be. */
  #readUtilisation(): number {
    const utilisation = this.#meters.utilisation.read(this.#nowMs());
    if (!utilisation) return 1;
    this.#util = utilisation.used;
    return utilisation.usable;
  }

  #readMemory(): MemoryReading {
    return memoryReading(this.#meminfo.read(), readMemoryLimits(this.#around.cgroups));
  }

  #processors(): Processors {
    const { speed, set } = this.#options.speed();
    const { allowedCpus, cpuLimit } = this.#around;
    const effective = effectiveProcessors(speed, allowedCpus, cpuLimit?.quota ?? null);
    return set ? { ...effective, speed } : effective;
  }

  #lookAround(): void {
    const around = readSurroundings(this.#roots);
    const isSame = describeSurroundings(around) === describeSurroundings(this.#around);
    this.#around = around;
    if (isSame) return;
    this.#closeMeters();
    this.#meters = this.#makeMeters();
    this.#readUtilisation();
  }

  #makeMeters(): Meters {
    return makeMeters(this.#roots, this.#around, this.#usages, this.#options.trees ?? null);
  }

  #closeMeters(): void {
    this.#meters.running.close();
    this.#meters.utilisation.close();
  }
}
