import type { JobId, NodeId } from '../ids.js';
import { lossSlope } from './altload.js';
import { whyNot } from './eligibility.js';
import type { Forecast, Outlook } from './forecast.js';
import { explainNoTarget, explainTooDear } from './explain.js';
import type { BalancePolicy } from './policy.js';
import type { BalanceJob, Random, StayRule } from './types.js';
import { addedBy, departureOf, isBetter, worthOf, type Departure, type Worth } from './worth.js';

/** What one pass of the balancer works with; the forecast changes with each move it decides. */
export interface Deliberation {
  readonly self: NodeId;
  readonly forecast: Forecast;
  readonly demands: ReadonlyMap<JobId, number>;
  readonly policy: BalancePolicy;
  readonly random: Random;
  /** No arrival costs less than this, per process (`leastCost`). */
  readonly floor: number;
}

export interface Option {
  readonly departure: Departure;
  readonly target: Outlook;
  readonly worth: Worth;
}

export interface No {
  readonly rule: StayRule;
  readonly reason: string;
}

const noGain: No = { rule: 'no gain', reason: 'no node would run it sooner' };

/** The best target of a job for balancing the load, or the reason why it is better off where it is. */
export function bestOption(job: BalanceJob, pass: Deliberation): Option | No {
  if (cannotGain(departureFor(job, pass), pass)) return noGain;
  const { eligible, better } = betterOptions(job, pass);
  if (eligible === 0) return { rule: 'no target', reason: explainNoTarget(job, pass) };
  if (better.length === 0) return noGain;
  const best = better.reduce((a, b) => (netMs(b) > netMs(a) ? b : a));
  return netMs(best) < pass.policy.minGainMs
    ? { rule: 'too dear', reason: explainTooDear(best.target, best.worth) }
    : best;
}

/** `best` or one that is as good: chance decides, so that two homes don't send everything to the same node. */
export function oneAsGood(best: Option, pass: Deliberation): Option {
  const enough = Math.max(pass.policy.minGainMs, netMs(best) * (1 - pass.policy.tieFraction));
  const { better } = betterOptions(best.departure.job, pass);
  return pick(
    better.filter((option) => netMs(option) >= enough),
    pass.random,
  );
}

/** Where a job goes that has to go: the eligible target with the least cost, whatever it gains. */
export function refuge(job: BalanceJob, pass: Deliberation): Option | No {
  const departure = departureFor(job, pass);
  const options = [...pass.forecast.values()]
    .filter((target) => target.node.node !== job.where && whyNot(job, target, pass.policy) === null)
    .map((target) => optionFor(departure, target, addedBy(departure, target, pass.policy), pass));
  if (options.length === 0) return { rule: 'no target', reason: explainNoTarget(job, pass) };
  const best = Math.max(...options.map(({ worth }) => worth.relief));
  const enough = best - pass.policy.tieFraction * Math.abs(best);
  return pick(
    options.filter(({ worth }) => worth.relief >= enough),
    pass.random,
  );
}

export function netMs({ worth }: Option): number {
  return worth.gainMs - worth.costMs;
}

export function isOption(answer: Option | No): answer is Option {
  return 'target' in answer;
}

/** What an arrival costs at least, per process, at the cheapest open node: the slope of `lossOf`. It only grows in a pass. */
export function leastCost(forecast: Forecast): number {
  const open = [...forecast.values()].filter(({ closed }) => closed === null);
  if (open.length < 2) return -Infinity; // let the look at every node say what closes them
  return Math.min(...open.map(({ node, arriving }) => lossSlope(arriving, node)));
}

/** Spares most jobs of a balanced cluster the look at every node. */
function cannotGain({ demand, saved }: Departure, { floor }: Deliberation): boolean {
  return demand * floor >= saved;
}

/** Runs for every job and node: only what is better becomes an object. */
function betterOptions(
  job: BalanceJob,
  pass: Deliberation,
): { readonly eligible: number; readonly better: readonly Option[] } {
  const departure = departureFor(job, pass);
  const better: Option[] = [];
  let eligible = 0;
  for (const target of pass.forecast.values()) {
    if (target.node.node === job.where || !mayArrive(job, target, pass.policy)) continue;
    if (whyNot(job, target, pass.policy) !== null) continue;
    eligible += 1;
    const added = addedBy(departure, target, pass.policy);
    if (isBetter(departure, target, added, pass.policy))
      better.push(optionFor(departure, target, added, pass));
  }
  return { eligible, better };
}

function mayArrive(job: BalanceJob, target: Outlook, policy: BalancePolicy): boolean {
  return target.arrivals < policy.maxArrivals || target.node.node === job.home;
}

function departureFor(job: BalanceJob, pass: Deliberation): Departure {
  const source = pass.forecast.get(job.where)!;
  return departureOf(job, pass.demands.get(job.job) ?? 1, source, pass.policy);
}

function optionFor(departure: Departure, target: Outlook, added: number, pass: Deliberation): Option {
  return { departure, target, worth: worthOf(departure, target, added, pass.policy) };
}

function pick(options: readonly Option[], random: Random): Option {
  return options[Math.min(options.length - 1, Math.floor(random() * options.length))]!;
}
