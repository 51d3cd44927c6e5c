import { setTimeout as delay } from 'node:timers/promises';
import { randomFrom, seedOf, type Random } from '../../fuzz/random.js';
import { pollUntil } from '../../poll-until.js';
import { calm, disturbOnce, noEvents, type EventCounts } from './events.js';
import { planJob, type JobPlan } from './job-program.js';
import { judge, type Verdict } from './judge.js';
import { followMemory, type MemoryFigures } from './memory.js';
import { runJob } from './run-job.js';
import {
  homes,
  keepLogs,
  lookAtIdle,
  sees,
  startSoakNodes,
  type Idle,
  type SoakNodes,
} from './soak-nodes.js';

export interface SoakOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly jobs: number;
  readonly events: number;
  /** Goes on at least so long, with more jobs and events. */
  readonly minutes: number;
  readonly atOnce: number;
  /** Of a third of a second, that a job may run. */
  readonly mostTicks: number;
  readonly repository: string;
  /** Where the logs of a run that went wrong are put. */
  readonly keepLogs?: string;
  /** A line now and then. */
  onProgress?(text: string): void;
}

export interface SoakResult {
  readonly seconds: number;
  readonly jobs: number;
  readonly lost: number;
  readonly doubled: number;
  readonly wrong: readonly string[];
  readonly events: EventCounts;
  readonly descriptors: { readonly before: number; readonly after: number };
  /** Of a mosd that has born jobs, and of one that only took guests; neither was killed. */
  readonly home: MemoryFigures | null;
  readonly guest: MemoryFigures | null;
}

const guestNode = 3;
const eventsAtOnce = 3;
const settleMs = 150_000;

/** Many jobs on many nodes while nothing stays as it is. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const nodes = await startSoakNodes(options.nodes, options.repository);
  try {
    const result = await soakOn(nodes, options);
    if (result.wrong.length > 0 && options.keepLogs !== undefined) await keepLogs(nodes, options.keepLogs);
    return result;
  } finally {
    await nodes.stop();
  }
}

async function soakOn(nodes: SoakNodes, options: SoakOptions): Promise<SoakResult> {
  const startedMs = performance.now();
  await warmUp(nodes);
  const before = await settled(nodes, null);
  const home = followMemory(await nodes.mosdPid(homes[0]!));
  const guest = followMemory(await nodes.mosdPid(guestNode));
  const run = new Run(nodes, options);
  await run.toTheEnd();
  const memory = { home: home.stop(), guest: guest.stop() };
  await calm(nodes);
  const after = await settled(nodes, before);
  const { verdicts, events } = run;
  const sum = (idle: Idle): number => idle.descriptors.reduce((total, count) => total + count, 0);
  return {
    seconds: (performance.now() - startedMs) / 1000,
    jobs: verdicts.length,
    lost: verdicts.filter(({ lost }) => lost).length,
    doubled: verdicts.filter(({ doubled }) => doubled).length,
    wrong: [...verdicts.flatMap(({ wrong }) => wrong), ...after.leftovers, ...moreOpen(before, after)],
    events,
    descriptors: { before: sum(before), after: sum(after) },
    ...memory,
  };
}

/** A job from each home, so that what is loaded once is loaded. */
async function warmUp(nodes: SoakNodes): Promise<void> {
  const plan: JobPlan = { name: 'first', kind: 'plain', ticks: 2, lines: 5, code: 0, detached: false };
  for (const home of homes) {
    const { wrong } = judge(plan, await runJob(nodes, home, plan));
    if (wrong.length > 0) throw new Error(`not even one job runs: ${wrong.join('; ')}`);
  }
}

/** Nothing runs and all links are up; what does not come to rest in time is told as it is. */
async function settled(nodes: SoakNodes, before: Idle | null): Promise<Idle> {
  let idle = await lookAtIdle(nodes);
  await pollUntil(async () => {
    for (const home of homes) if (!(await sees(nodes, home))) return false;
    idle = await lookAtIdle(nodes);
    return idle.leftovers.length === 0 && (before === null || moreOpen(before, idle).length === 0);
  }, settleMs).catch(() => undefined);
  return idle;
}

function moreOpen(before: Idle, after: Idle): readonly string[] {
  return after.descriptors.flatMap((count, index) => {
    const had = before.descriptors[index]!;
    return count > had ? [`mosd of node ${index + 1} had ${had} descriptors open and has ${count}`] : [];
  });
}

class Run {
  readonly verdicts: Verdict[] = [];
  readonly events = noEvents();
  readonly #nodes: SoakNodes;
  readonly #options: SoakOptions;
  readonly #jobs: Random;
  readonly #chances: Random;
  readonly #untilMs: number;
  #started = 0;
  #disturbed = 0;

  constructor(nodes: SoakNodes, options: SoakOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.#jobs = randomFrom(seedOf(options.seed, 1));
    this.#chances = randomFrom(seedOf(options.seed, 2));
    this.#untilMs = performance.now() + options.minutes * 60_000;
  }

  async toTheEnd(): Promise<void> {
    const over = new AbortController();
    const events = Array.from({ length: eventsAtOnce }, () => this.#disturb(over.signal));
    await Promise.all(Array.from({ length: this.#options.atOnce }, (_, lane) => this.#lane(lane)));
    over.abort();
    await Promise.all(events);
  }

  #isTimeLeft(): boolean {
    return performance.now() < this.#untilMs;
  }

  async #lane(lane: number): Promise<void> {
    await delay(lane * 100); // forty programs that start at once only wait for each other
    while (this.#started < this.#options.jobs || this.#isTimeLeft()) {
      this.#started += 1;
      const home = this.#jobs.pick(homes);
      // A detached submission whose answer was lost is not repeated: its home must not be killed.
      const plan = planJob(this.#jobs, this.#started, {
        mayDetach: home === homes[0],
        mostTicks: this.#options.mostTicks,
      });
      this.verdicts.push(judge(plan, await runJob(this.#nodes, home, plan)));
      this.#tell(this.verdicts.at(-1)!);
    }
  }

  /** Goes on as long as there are jobs, and spreads what is asked for over them. */
  async #disturb(over: AbortSignal): Promise<void> {
    const killable = this.#nodes.cluster.nodes
      .map(({ n }) => n)
      .filter((n) => n !== homes[0] && n !== guestNode);
    while (!over.aborted) {
      if (this.#disturbed > this.#due()) {
        await delay(100);
        continue;
      }
      this.#disturbed += 1;
      await disturbOnce(this.#nodes, this.#chances, this.events, killable);
    }
  }

  #due(): number {
    const { jobs, events } = this.#options;
    return (this.#started / jobs) * events;
  }

  #tell({ wrong }: Verdict): void {
    for (const text of wrong) this.#options.onProgress?.(`WRONG ${text}`);
    if (this.verdicts.length % 50 === 0)
      this.#options.onProgress?.(`${this.verdicts.length} jobs over, ${this.#disturbed} events`);
  }
}
