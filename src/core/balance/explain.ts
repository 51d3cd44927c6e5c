import { whyNot } from './eligibility.js';
import type { Outlook } from './forecast.js';
import type { Deliberation, Option } from './options.js';
import { formatCount, formatSeconds } from './text.js';
import type { BalanceJob, PlannedMove } from './types.js';
import type { Worth } from './worth.js';

const reasonsShown = 3;

export function explainNoTarget(job: BalanceJob, { forecast, policy }: Deliberation): string {
  const others = [...forecast.values()].filter(({ node }) => node.node !== job.where);
  if (others.length === 0) return 'there is no other node';
  const reasons = others
    .slice(0, reasonsShown)
    .map((target) => `node ${target.node.node} ${whyNot(job, target, policy) ?? 'has arrivals under way'}`);
  const more = others.length - reasons.length;
  return `no node can take it now: ${reasons.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

export function explainTooDear(target: Outlook, worth: Worth): string {
  return `moving to node ${target.node.node} would gain ${formatSeconds(worth.gainMs)} and cost ${formatSeconds(worth.costMs)}`;
}

export function explainBalance({ departure, target, worth }: Option): string {
  const here = crowd(departure.source, Math.max(departure.source.leaving, departure.demand));
  const there = crowd(target, target.arriving);
  return `${here}, ${there}; gains about ${formatSeconds(worth.gainMs)}, costs ${formatSeconds(worth.costMs)}`;
}

/** The named reason: among processes that each have a processor, only a faster one is a reason. */
export function nameReason({ departure, target }: Option): PlannedMove['why'] {
  const { node } = departure.source;
  const crowded = departure.source.leaving > node.cpus * 1.1;
  return !crowded && target.node.speed > node.speed ? 'to a faster node' : 'balance the load';
}

function crowd({ node }: Outlook, runnable: number): string {
  const processors = node.cpus === 1 ? 'processor' : 'processors';
  return `node ${node.node} has ${formatCount(runnable)} running on ${node.cpus} ${processors} of speed ${node.speed}`;
}
