import type { NodeId } from '../ids.js';
import type { Deliberation, No } from './options.js';
import type { BalanceJob } from './types.js';

/** Shares above this are all ours: the loads are not more exact than that. */
const allOurs = 0.9;

/**
 * Nodes from which this pass moves nothing. Where jobs of several homes crowd one node, each home sees the same excess;
 * if all moved it, they would crowd another node next. So a home takes its turn with the probability of its share, and
 * on average the excess is moved once.
 */
export function yieldingNodes(jobs: readonly BalanceJob[], pass: Deliberation): ReadonlyMap<NodeId, No> {
  const ours = new Map<NodeId, number>();
  for (const { job, home, where, moving } of jobs) {
    if (home !== pass.self || moving) continue;
    ours.set(where, (ours.get(where) ?? 0) + (pass.demands.get(job) ?? 1));
  }
  const yielding = new Map<NodeId, No>();
  for (const [node, demand] of ours) {
    const share = demand / Math.max(demand, pass.forecast.get(node)?.leaving ?? 0);
    if (share >= allOurs || pass.random() < share) continue;
    yielding.set(node, { rule: 'yielding', reason: `leaves it to the others on node ${node} this time` });
  }
  return yielding;
}
