import type { NodeId } from '../ids.js';
import { altload, loadOf } from './altload.js';
import { whyNot, type Needs } from './eligibility.js';
import { forecastOf, type Outlook } from './forecast.js';
import type { BalancePolicy } from './policy.js';
import { formatCount } from './text.js';
import type { BalanceSnapshot, Placement, Random, Rejection } from './types.js';

/** What is known of a job before it starts. */
export interface PlacementHints {
  readonly home: NodeId;
  readonly hint: 'cpujob' | 'iojob' | 'none';
  /** Memory it will need, where the user said so; null = unknown. */
  readonly rssKib: number | null;
}

/**
 * Chooses where a new job starts, by the cost function that later moves it: altload with the job on board. `candidates`
 * null = any node. Each earlier job of a burst must be in `snapshot.inFlight`, because the loads don't show it yet.
 */
export function choosePlacement(
  snapshot: BalanceSnapshot,
  hints: PlacementHints,
  candidates: readonly NodeId[] | null,
  policy: BalancePolicy,
  random: Random,
): Placement {
  const outlooks = [...forecastOf(snapshot, policy).values()].filter(
    ({ node }) => candidates === null || candidates.includes(node.node),
  );
  const needs = needsOf(hints, policy);
  const rejected = rejections(outlooks, needs, candidates, policy);
  const refused = new Set(rejected.map(({ node }) => node));
  const eligible = outlooks.filter(({ node }) => !refused.has(node.node));
  if (eligible.length === 0) return { node: null, reason: explainNone(rejected), rejected };
  const chosen = cheapest(eligible, hints, policy, random);
  return { node: chosen.node.node, reason: explainChoice(chosen, eligible.length), rejected };
}

function needsOf({ home, rssKib }: PlacementHints, policy: BalancePolicy): Needs {
  return { home, rssKib: rssKib ?? policy.newJobKib, driver: null, allowed: null };
}

function rejections(
  outlooks: readonly Outlook[],
  needs: Needs,
  candidates: readonly NodeId[] | null,
  policy: BalancePolicy,
): Rejection[] {
  const known = new Set(outlooks.map(({ node }) => node.node));
  const unknown = (candidates ?? []).filter((node) => !known.has(node));
  return [
    ...outlooks.flatMap((outlook) => {
      const reason = whyNot(needs, outlook, policy);
      return reason === null ? [] : [{ node: outlook.node.node, reason }];
    }),
    ...unknown.map((node) => ({ node, reason: 'is not in the map' })),
  ];
}

function cheapest(
  eligible: readonly Outlook[],
  hints: PlacementHints,
  policy: BalancePolicy,
  random: Random,
): Outlook {
  const costs = eligible.map((outlook) => ({ outlook, cost: placementCost(outlook, hints, policy) }));
  const least = Math.min(...costs.map(({ cost }) => cost));
  const asGood = costs.filter(({ cost }) => cost <= least * (1 + policy.tieFraction));
  const atHome = asGood.find(({ outlook }) => outlook.node.node === hints.home);
  return (atHome ?? asGood[Math.min(asGood.length - 1, Math.floor(random() * asGood.length))]!).outlook;
}

function placementCost({ node, arriving }: Outlook, hints: PlacementHints, policy: BalancePolicy): number {
  const away = node.node !== hints.home;
  const process = away ? policy.migrantLoad : 1;
  const cost = altload(loadOf(arriving + process, node), node);
  return away && hints.hint === 'iojob' ? cost * policy.ioAwayFactor : cost;
}

function explainChoice({ node, arriving }: Outlook, eligible: number): string {
  const crowd = `${formatCount(arriving)} running on ${node.cpus} × speed ${node.speed}`;
  return eligible === 1
    ? `node ${node.node} is the only one that can take it (${crowd})`
    : `node ${node.node} costs least of ${eligible} nodes (${crowd})`;
}

function explainNone(rejected: readonly Rejection[]): string {
  if (rejected.length === 0) return 'there is no node to choose from';
  return `no node can take it: ${rejected.map(({ node, reason }) => `node ${node} ${reason}`).join('; ')}`;
}
