import type { JobId, NodeId } from '../ids.js';
import { isShortOfMemory } from './eligibility.js';
import { demandsOf } from './demand.js';
import { explainBalance, nameReason } from './explain.js';
import { applyTransfer, forecastOf, type Forecast } from './forecast.js';
import { heldAlways, heldForNow, heldFromAutomatic } from './held.js';
import { bestOption, isOption, leastCost, netMs, oneAsGood, refuge } from './options.js';
import type { Deliberation, No, Option } from './options.js';
import type { BalancePolicy } from './policy.js';
import { formatMib } from './text.js';
import { yieldingNodes } from './yielding.js';
import type { BalanceJob, BalanceSnapshot, Plan, PlannedMove, Random, Stay } from './types.js';

/**
 * One balancing pass of one home over its own jobs, wherever they run: first what has to go (nodes that leave, nodes out
 * of memory), then pair after pair of job and target while that brings a gain. Each decision changes the forecast that
 * the next one is made by. Whoever acts checks each move again: the world goes on meanwhile.
 */
export function decide(
  snapshot: BalanceSnapshot,
  jobs: readonly BalanceJob[],
  policy: BalancePolicy,
  nowMs: number,
  random: Random,
): Plan {
  const pass = new Pass(snapshot, jobs, policy, random);
  pass.emptyLeavingNodes();
  pass.usherMemory();
  pass.balanceLoad();
  return pass.plan(nowMs);
}

class Pass implements Deliberation {
  readonly self: NodeId;
  readonly forecast: Forecast;
  readonly demands: ReadonlyMap<JobId, number>;
  readonly policy: BalancePolicy;
  readonly random: Random;
  readonly floor: number;
  readonly #jobs: readonly BalanceJob[];
  readonly #verdicts = new Map<JobId, PlannedMove | Stay>();
  #freeMoves: number;

  constructor(snapshot: BalanceSnapshot, jobs: readonly BalanceJob[], policy: BalancePolicy, random: Random) {
    this.self = snapshot.self;
    this.policy = policy;
    this.random = random;
    this.#jobs = jobs;
    this.forecast = forecastOf(snapshot, policy);
    this.floor = leastCost(this.forecast);
    this.demands = demandsOf(jobs, this.forecast);
    this.#freeMoves = policy.maxMoves - jobs.filter((job) => job.moving && job.home === snapshot.self).length;
    for (const job of jobs) this.#hold(job, heldAlways(job, this.self, this.forecast));
  }

  emptyLeavingNodes(): void {
    for (const job of this.#undecided()) {
      if (!this.forecast.get(job.where)?.node.leaving) continue;
      if (job.where === job.home) {
        this.#hold(job, { rule: 'no target', reason: 'its home is leaving; it stays with its home' });
        continue;
      }
      const answer = refuge({ ...job, allowed: withHome(job) }, this);
      if (isOption(answer)) {
        this.#move(answer, 'this node is leaving', `node ${job.where} is leaving`);
      } else {
        this.#hold(job, answer);
      }
    }
    for (const job of this.#undecided()) {
      this.#hold(job, heldFromAutomatic(job, this.self, this.forecast, this.policy));
    }
  }

  usherMemory(): void {
    const biggestFirst = this.#undecided().sort((a, b) => b.rssKib - a.rssKib);
    for (const job of biggestFirst) {
      const source = this.forecast.get(job.where)!;
      if (this.#freeMoves <= 0 || !isShortOfMemory(source, this.policy)) continue;
      const answer = refuge(job, this);
      if (!isOption(answer)) continue;
      const short = `node ${job.where} has ${formatMib(source.freeKib)} of ${formatMib(source.node.tmem)} free, the job takes ${formatMib(job.rssKib)}`;
      this.#move(answer, 'this node is out of memory', short);
    }
  }

  balanceLoad(): void {
    const yields = yieldingNodes(this.#jobs, this);
    for (const job of this.#undecided()) {
      this.#hold(job, heldForNow(job, this.policy) ?? yields.get(job.where) ?? null);
    }
    const answers = new Map(this.#undecided().map((job) => [job, bestOption(job, this)]));
    for (;;) {
      const best = bestOf([...answers.values()].filter(isOption));
      if (!best || this.#freeMoves <= 0) break;
      const chosen = oneAsGood(best, this);
      this.#move(chosen, nameReason(chosen), explainBalance(chosen));
      answers.delete(best.departure.job);
      this.#reconsider(answers, chosen);
    }
    for (const [job, answer] of answers) {
      this.#hold(
        job,
        isOption(answer)
          ? { rule: 'busy', reason: `waits: ${this.policy.maxMoves} moves at once are enough` }
          : answer,
      );
    }
  }

  plan(atMs: number): Plan {
    const verdicts = [...this.#verdicts.values()];
    return {
      atMs,
      moves: verdicts.filter((verdict): verdict is PlannedMove => 'to' in verdict),
      stays: verdicts.filter((verdict): verdict is Stay => 'rule' in verdict),
    };
  }

  /** A move changes only its source and its target, so only the answers that hang on those are asked for again. */
  #reconsider(answers: Map<BalanceJob, Option | No>, moved: Option): void {
    const source = moved.departure.source.node.node;
    const target = moved.target.node.node;
    for (const [job, answer] of answers) {
      if (!isOption(answer)) continue;
      if (job.where === source || answer.target.node.node === target) answers.set(job, bestOption(job, this));
    }
  }

  #move(option: Option, why: PlannedMove['why'], explanation: string): void {
    const { job, demand } = option.departure;
    const to = option.target.node.node;
    this.#verdicts.set(job.job, {
      job: job.job,
      from: job.where,
      to,
      why,
      gainMs: option.worth.gainMs,
      costMs: option.worth.costMs,
      explanation,
    });
    this.#freeMoves -= 1;
    applyTransfer(this.forecast, { from: job.where, to, rssKib: job.rssKib, demand }, this.policy);
  }

  #hold(job: BalanceJob, no: No | null): void {
    if (no) this.#verdicts.set(job.job, { job: job.job, ...no });
  }

  #undecided(): BalanceJob[] {
    return this.#jobs.filter((job) => !this.#verdicts.has(job.job));
  }
}

function bestOf(options: readonly Option[]): Option | undefined {
  return options.reduce<Option | undefined>(
    (best, option) => (best && netMs(best) >= netMs(option) ? best : option),
    undefined,
  );
}

function withHome(job: BalanceJob): readonly NodeId[] | null {
  return job.allowed === null ? null : [...job.allowed, job.home];
}
