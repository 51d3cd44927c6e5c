import { choosePlacement } from '../../../src/core/balance/place.js';
import { decide } from '../../../src/core/balance/decide.js';
import { defaultPolicy, type BalancePolicy } from '../../../src/core/balance/policy.js';
import { idleLoad, noteArrival, stepLoad, type LoadState } from '../../../src/core/load.js';
import type {
  BalanceJob,
  BalanceNode,
  BalanceSnapshot,
  InFlight,
  Random,
} from '../../../src/core/balance/types.js';

/** A cluster in small: processors shared equally, loads through the real filter, moves that take time. Deterministic. */
export interface SimNode {
  readonly node: number;
  readonly cpus: number;
  /** 10000 = one standard processor; less = a quota on one. */
  readonly speed: number;
  /** Load of strangers: processes that always run. */
  readonly foreign?: number;
}

export interface SimJob {
  readonly job: string;
  readonly home: number;
  /** Node it is forced to start on; 'place' = where choosePlacement says. */
  readonly start: number | 'place';
  readonly atMs: number;
  /** Milliseconds it takes alone on a standard processor. */
  readonly workMs: number;
}

export interface SimOptions {
  readonly nodes: readonly SimNode[];
  readonly jobs: readonly SimJob[];
  readonly policy?: Partial<BalancePolicy>;
  readonly seed?: number;
  /** Standstill of the n-th move, ms. */
  readonly moveMs?: (move: number) => number;
  readonly balance?: boolean;
  /** Processes that come and go on every node: each sample counts up to this many more. */
  readonly noise?: number;
  readonly limitMs?: number;
}

export interface SimMove {
  readonly atMs: number;
  readonly job: string;
  readonly from: number;
  readonly to: number;
}

export interface SimResult {
  readonly makespanMs: number;
  /** Total work ÷ total speed. */
  readonly idealMs: number;
  readonly moves: readonly SimMove[];
  readonly startedOn: ReadonlyMap<string, number>;
  readonly mostMovesOfOneJob: number;
}

interface RunningJob {
  readonly spec: SimJob;
  where: number;
  leftMs: number;
  share: number;
  startedMs: number;
  movedMs: number | null;
  cameFrom: number | null;
  nmigs: number;
  moving: { readonly to: number; readonly untilMs: number } | null;
}

interface Machine {
  readonly spec: SimNode;
  ranMs: number;
  load: LoadState;
  /** The last report: what the others have. */
  reported: { readonly load: number; readonly ownload: number; readonly atMs: number };
}

const stepMs = 100;
const sampleMs = 1000;

export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function simulate(options: SimOptions): SimResult {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimOptions;
  readonly #policy: BalancePolicy;
  readonly #random: Random;
  readonly #machines: Map<number, Machine>;
  readonly #waiting: SimJob[];
  readonly #moves: SimMove[] = [];
  readonly #startedOn = new Map<string, number>();
  #running: RunningJob[] = [];
  #nowMs = 0;

  constructor(options: SimOptions) {
    this.#options = options;
    this.#policy = { ...defaultPolicy, ...options.policy };
    this.#random = makeRandom(options.seed ?? 1);
    this.#machines = new Map(
      options.nodes.map((spec) => [
        spec.node,
        { spec, ranMs: 0, load: idleLoad, reported: { load: 0, ownload: 0, atMs: 0 } },
      ]),
    );
    this.#waiting = [...options.jobs].sort((a, b) => a.atMs - b.atMs);
  }

  run(): SimResult {
    const limitMs = this.#options.limitMs ?? 3_600_000;
    let makespanMs = 0;
    const movesOf = new Map<string, number>();
    while ((this.#waiting.length > 0 || this.#running.length > 0) && this.#nowMs < limitMs) {
      this.#startDue();
      this.#compute();
      this.#nowMs += stepMs;
      this.#arrive();
      if (this.#running.some(({ leftMs }) => leftMs <= 0)) makespanMs = this.#nowMs;
      this.#running = this.#running.filter(({ leftMs }) => leftMs > 0);
      if (this.#nowMs % sampleMs === 0) this.#sample();
      if (this.#options.balance !== false) this.#balance();
    }
    for (const { job } of this.#moves) movesOf.set(job, (movesOf.get(job) ?? 0) + 1);
    const speed = this.#options.nodes.reduce((sum, node) => sum + (node.cpus * node.speed) / 10_000, 0);
    return {
      makespanMs: this.#running.length > 0 ? Infinity : makespanMs,
      idealMs: this.#options.jobs.reduce((sum, { workMs }) => sum + workMs, 0) / speed,
      moves: this.#moves,
      startedOn: this.#startedOn,
      mostMovesOfOneJob: Math.max(0, ...movesOf.values()),
    };
  }

  #startDue(): void {
    while (this.#waiting[0] && this.#waiting[0].atMs <= this.#nowMs) {
      const spec = this.#waiting.shift()!;
      const where = spec.start === 'place' ? this.#place(spec) : spec.start;
      this.#startedOn.set(spec.job, where);
      this.#running.push({
        spec,
        where,
        leftMs: spec.workMs,
        share: 0,
        startedMs: this.#nowMs,
        movedMs: null,
        cameFrom: null,
        nmigs: 0,
        moving: null,
      });
    }
  }

  #place(spec: SimJob): number {
    const hints = { home: spec.home, hint: 'none', rssKib: null } as const;
    const placed = choosePlacement(
      this.#snapshotFor(spec.home, true),
      hints,
      null,
      this.#policy,
      this.#random,
    );
    this.#admit(placed.node!);
    return placed.node!;
  }

  #compute(): void {
    for (const machine of this.#machines.values()) {
      const here = this.#running.filter((job) => job.where === machine.spec.node && !job.moving);
      const runnable = here.length + (machine.spec.foreign ?? 0);
      const part = Math.min(1, machine.spec.cpus / Math.max(1, runnable));
      const speed = machine.spec.speed / 10_000;
      machine.ranMs += runnable * stepMs;
      for (const job of here) {
        job.leftMs -= part * speed * stepMs;
        // What /proc shows: time on a real processor, of which a quota leaves a part.
        job.share += (part * Math.min(1, speed) - job.share) * 0.05;
      }
    }
  }

  #arrive(): void {
    for (const job of this.#running) {
      if (!job.moving || job.moving.untilMs > this.#nowMs) continue;
      job.cameFrom = job.where;
      job.where = job.moving.to;
      job.movedMs = this.#nowMs;
      job.nmigs += 1;
      job.moving = null;
    }
  }

  #sample(): void {
    for (const machine of this.#machines.values()) {
      const running = machine.ranMs / sampleMs + this.#random() * (this.#options.noise ?? 0);
      const comingIn = this.#running.filter(({ moving }) => moving?.to === machine.spec.node).length;
      machine.load = stepLoad(machine.load, { running, usable: 1, comingIn }, machine.spec);
      machine.ranMs = 0;
      machine.reported = {
        load: Math.round(machine.load.load),
        ownload: Math.round(machine.load.ownload),
        atMs: this.#nowMs,
      };
    }
  }

  /** A node that agrees to take a guest counts it from then on. */
  #admit(node: number): void {
    const machine = this.#machines.get(node)!;
    machine.load = noteArrival(machine.load, 1, machine.spec);
  }

  #balance(): void {
    for (const home of new Set(this.#running.map((job) => job.spec.home))) {
      if (this.#nowMs % sampleMs !== (home * 300 + 200) % sampleMs) continue;
      const own = this.#running.filter((job) => job.spec.home === home);
      const plan = decide(
        this.#snapshotFor(home, false),
        own.map((job) => this.#viewOf(job)),
        this.#policy,
        this.#nowMs,
        this.#random,
      );
      for (const { job: id, from, to } of plan.moves) {
        const job = own.find(({ spec }) => spec.job === id)!;
        const tookMs = this.#options.moveMs?.(this.#moves.length) ?? 3000;
        this.#admit(to);
        job.moving = { to, untilMs: this.#nowMs + tookMs };
        this.#moves.push({ atMs: this.#nowMs, job: id, from, to });
      }
    }
  }

  #snapshotFor(home: number, placing: boolean): BalanceSnapshot {
    const own = this.#running.filter((job) => job.spec.home === home);
    return {
      self: home,
      nodes: [...this.#machines.values()].map((machine) => this.#nodeOf(machine)),
      inFlight: own.flatMap((job) => this.#inFlightOf(job, placing)),
    };
  }

  #inFlightOf(job: RunningJob, placing: boolean): InFlight[] {
    const rssKib = 10_000;
    if (job.moving) return [{ from: job.where, to: job.moving.to, rssKib, sinceMs: null }];
    const sinceMs = this.#nowMs - (job.movedMs ?? job.startedMs);
    if (placing && sinceMs === 0) return [{ from: null, to: job.where, rssKib, sinceMs: null }];
    return [{ from: job.cameFrom, to: job.where, rssKib, sinceMs }];
  }

  #nodeOf({ spec, reported }: Machine): BalanceNode {
    return {
      node: spec.node,
      state: 'up',
      load: reported.load,
      ownload: reported.ownload,
      speed: spec.speed,
      cpus: spec.cpus,
      mem: 1_000_000,
      rmem: 1_000_000,
      tmem: 2_000_000,
      freeslots: null,
      block: false,
      stay: false,
      leaving: false,
      drivers: ['criu'],
      ageMs: this.#nowMs - reported.atMs,
      bandwidth: 100_000_000,
    };
  }

  #viewOf(job: RunningJob): BalanceJob {
    return {
      job: job.spec.job,
      home: job.spec.home,
      where: job.where,
      driver: 'criu',
      cpu: job.share,
      rssKib: 10_000,
      imageBytes: 10_000 * 1024,
      ageMs: this.#nowMs - job.startedMs,
      sinceMoveMs: job.movedMs === null ? null : this.#nowMs - job.movedMs,
      nmigs: job.nmigs,
      hint: 'none',
      lock: false,
      cantmove: [],
      allowed: null,
      moving: job.moving !== null,
    };
  }
}
