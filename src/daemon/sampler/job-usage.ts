import { readFileSync } from 'node:fs';
import type { DecayPolicy } from '../../core/cluster-map.js';
import { meanOf, noStatistics, stepDecay, type Decaying, type DecayRates } from '../../core/decay.js';
import { stepProcessLoad } from '../../core/load.js';
import { parseAuxv, type Auxv } from '../../core/proc/auxv.js';
import type { ProcessStat } from '../../core/proc/process-stat.js';
import { readTree } from './process-tree.js';

/** What a process tree takes. */
export interface JobUsage {
  /** Share of one processor over the last seconds, 0 … n. */
  readonly cpu: number;
  /** The same under the job's decay policy (`mosrun -s`, `-f`, `-n`; setdecay). */
  readonly steadyCpu: number;
  /** Memory of all its processes; what they share counts for each. */
  readonly rssKib: number;
  /** 0 = it is gone. */
  readonly processes: number;
}

interface Watched {
  readonly startTicks: number;
  readonly atMs: number;
  readonly ticks: number;
  readonly usage: JobUsage;
  readonly past: Decaying;
  /** CPU share × ms since the last decay interval ended, and how long that is ago. */
  readonly interval: { readonly shareMs: number; readonly ms: number };
}

/** Asked more often than this, the last answer is given again: ticks are too coarse for less. */
const shortestMs = 450;
const forgetMs = 60_000;
const gone: JobUsage = { cpu: 0, steadyCpu: 0, rssKib: 0, processes: 0 };

export class JobUsages {
  readonly #procRoot: string;
  readonly #nowMs: () => number;
  readonly #auxv: Auxv;
  readonly #watched = new Map<number, Watched>();

  constructor(procRoot: string, nowMs: () => number) {
    this.#procRoot = procRoot;
    this.#nowMs = nowMs;
    this.#auxv = readAuxv(procRoot);
  }

  /** The first answer for a tree is the mean since its first process started, later ones follow the last seconds. */
  read(root: number, policy: DecayPolicy['policy'], rates: DecayRates): JobUsage {
    const nowMs = this.#nowMs();
    const before = this.#watched.get(root);
    if (before && nowMs - before.atMs < shortestMs) return before.usage;
    this.#forget(nowMs);
    const tree = readTree(this.#procRoot, root);
    const first = tree.find(({ pid }) => pid === root);
    if (!first) {
      this.#watched.delete(root);
      return gone;
    }
    const same = before?.startTicks === first.startTicks ? before : null;
    const next = same ? this.#step(same, tree, nowMs, policy, rates) : this.#begin(first, tree, nowMs);
    this.#watched.set(root, next);
    return next.usage;
  }

  /** CPU time that the trees have used so far, µs. */
  cpuTimeUs(roots: readonly number[]): number {
    const ticks = roots.reduce((sum, root) => sum + ticksOf(readTree(this.#procRoot, root)), 0);
    return (ticks / this.#auxv.ticksPerSecond) * 1e6;
  }

  #begin(first: ProcessStat, tree: readonly ProcessStat[], nowMs: number): Watched {
    const ticks = ticksOf(tree);
    const ageTicks = readUptimeTicks(this.#procRoot, this.#auxv) - first.startTicks;
    const cpu = ageTicks > 0 ? ticks / ageTicks : 0;
    return {
      startTicks: first.startTicks,
      atMs: nowMs,
      ticks,
      usage: { cpu, steadyCpu: cpu, rssKib: this.#rssKib(tree), processes: tree.length },
      past: noStatistics,
      interval: { shareMs: 0, ms: 0 },
    };
  }

  #step(
    before: Watched,
    tree: readonly ProcessStat[],
    nowMs: number,
    policy: DecayPolicy['policy'],
    rates: DecayRates,
  ): Watched {
    const ms = Math.max(1, nowMs - before.atMs);
    const ticks = ticksOf(tree);
    // A process that ended without being waited for takes its time along, so the sum may fall.
    const share = Math.max(0, ticks - before.ticks) / this.#auxv.ticksPerSecond / (ms / 1000);
    const interval = { shareMs: before.interval.shareMs + share * ms, ms: before.interval.ms + ms };
    const isOver = interval.ms >= rates.decayinterval * 1000;
    const past = isOver ? stepDecay(before.past, interval.shareMs / interval.ms, policy, rates) : before.past;
    const usage = {
      cpu: stepProcessLoad(before.usage.cpu, share, ms),
      steadyCpu: past.weight === 0 ? before.usage.steadyCpu : meanOf(past),
      rssKib: this.#rssKib(tree),
      processes: tree.length,
    };
    const open = isOver ? { shareMs: 0, ms: 0 } : interval;
    return { startTicks: before.startTicks, atMs: nowMs, ticks, usage, past, interval: open };
  }

  #rssKib(tree: readonly ProcessStat[]): number {
    const pages = tree.reduce((sum, { rssPages }) => sum + rssPages, 0);
    return (pages * this.#auxv.pageBytes) / 1024;
  }

  #forget(nowMs: number): void {
    for (const [root, { atMs }] of this.#watched) if (nowMs - atMs > forgetMs) this.#watched.delete(root);
  }
}

function ticksOf(tree: readonly ProcessStat[]): number {
  return tree.reduce(
    (sum, stat) => sum + stat.utimeTicks + stat.stimeTicks + stat.cutimeTicks + stat.cstimeTicks,
    0,
  );
}

function readAuxv(procRoot: string): Auxv {
  try {
    return parseAuxv(readFileSync(`${procRoot}/self/auxv`));
  } catch {
    return parseAuxv(new Uint8Array());
  }
}

/** Start times count from boot, as /proc/uptime does. */
function readUptimeTicks(procRoot: string, { ticksPerSecond }: Auxv): number {
  try {
    return Number(readFileSync(`${procRoot}/uptime`, 'latin1').split(' ')[0]) * ticksPerSecond;
  } catch {
    return 0;
  }
}
