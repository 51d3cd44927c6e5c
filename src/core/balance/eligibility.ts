import type { NodeId } from '../ids.js';
import type { Outlook } from './forecast.js';
import type { BalancePolicy } from './policy.js';
import { formatMib } from './text.js';

/** What a job asks of a node. */
export interface Needs {
  readonly home: NodeId;
  readonly rssKib: number;
  /** Driver that both sides must have; null for a job that has not started (nothing is to be restored). */
  readonly driver: string | null;
  readonly allowed: readonly NodeId[] | null;
}

/**
 * Why `needs` can't go to a node, or null when it can. `block` and the number of guests do not count at home: a home
 * always takes its own jobs back.
 */
export function whyNot(needs: Needs, target: Outlook, policy: BalancePolicy): string | null {
  if (target.closed !== null) return target.closed;
  const node = target.node;
  if (needs.home !== node.node) {
    if (node.block) return 'is blocked (mosctl block)';
    if (node.beyond !== undefined) return `is ${node.beyond}`;
    if (target.freeslots !== null && target.freeslots <= 0) return 'takes no more guests';
  }
  if (needs.allowed !== null && !needs.allowed.includes(node.node)) return 'is not in the list of the job';
  if (needs.driver !== null && !node.drivers.includes(needs.driver)) return `has no ${needs.driver} driver`;
  return fits(needs.rssKib, target, policy)
    ? null
    : `has not enough memory (${formatMib(target.roomKib)} free of ${formatMib(node.tmem)}, the job needs ${formatMib(needs.rssKib)})`;
}

export function fits(rssKib: number, target: Outlook, policy: BalancePolicy): boolean {
  return target.roomKib - rssKib >= policy.memKeep * target.node.tmem;
}

export function isShortOfMemory(outlook: Outlook, policy: BalancePolicy): boolean {
  return outlook.freeKib < policy.memLow * outlook.node.tmem;
}
