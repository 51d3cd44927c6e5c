import type { NodeId } from '../ids.js';
import { runnableOf } from './altload.js';
import type { BalancePolicy } from './policy.js';
import { formatSeconds } from './text.js';
import type { BalanceNode, BalanceSnapshot, InFlight } from './types.js';

/** What a node will look like once everything that is under way or planned has arrived. */
export interface Outlook {
  readonly node: BalanceNode;
  /** Why nothing certain is known of it, or null. */
  readonly unknown: string | null;
  /** Why nothing at all can be sent there, or null. */
  readonly closed: string | null;
  /** Processes that want a processor, seen as a source (from `ownload`: never too many). */
  readonly leaving: number;
  /** The same seen as a target (from the exported load: never too few). */
  readonly arriving: number;
  /** Free memory with what is about to leave counted as free, KiB: is this node short? */
  readonly freeKib: number;
  /** Free memory without that, KiB: does a job fit? */
  readonly roomKib: number;
  readonly freeslots: number | null;
  /** Moves of this home that are on their way there. */
  readonly arrivals: number;
}

export type Forecast = Map<NodeId, Outlook>;

export interface Transfer {
  readonly from: NodeId | null;
  readonly to: NodeId;
  readonly rssKib: number;
  /** How many processes the job counts for. */
  readonly demand: number;
}

export function forecastOf(snapshot: BalanceSnapshot, policy: BalancePolicy): Forecast {
  const forecast: Forecast = new Map(snapshot.nodes.map((node) => [node.node, outlookOf(node, policy)]));
  for (const transfer of snapshot.inFlight) countInFlight(forecast, transfer, policy);
  return forecast;
}

function outlookOf(node: BalanceNode, policy: BalancePolicy): Outlook {
  const unknown = whyUnknown(node, policy);
  return {
    node,
    unknown,
    closed: unknown ?? (node.leaving ? 'is leaving' : null),
    leaving: runnableOf(Math.min(node.ownload, node.load), node),
    arriving: runnableOf(Math.max(node.ownload, node.load), node),
    freeKib: node.mem,
    roomKib: node.mem,
    freeslots: node.freeslots,
    arrivals: 0,
  };
}

function whyUnknown(node: BalanceNode, policy: BalancePolicy): string | null {
  if (node.state === 'down') return 'does not answer';
  if (node.state === 'connecting') return 'has not answered yet';
  if (node.state === 'monitor-only') return 'is only monitored';
  if (node.ageMs === null) return 'has sent no report yet';
  if (node.ageMs > policy.staleMs) return `was last heard of ${formatSeconds(node.ageMs)} ago`;
  if (!(node.speed > 0) || !(node.cpus > 0)) return 'has no known speed';
  return null;
}

/** openMosix's anti-flood rule: source and target change as soon as a move is decided, not when the loads show it. */
export function applyTransfer(forecast: Forecast, transfer: Transfer, policy: BalancePolicy): void {
  depart(forecast, transfer, transfer.demand, transfer.rssKib);
  arrive(forecast, transfer.to, {
    runnable: transfer.demand * policy.migrantLoad,
    rssKib: transfer.rssKib,
    slots: 1,
    arrivals: 1,
  });
}

function countInFlight(forecast: Forecast, transfer: InFlight, policy: BalancePolicy): void {
  const source = transfer.from === null ? undefined : forecast.get(transfer.from);
  const target = forecast.get(transfer.to);
  const leftUnseen = unseenPart(transfer.sinceMs, source?.node.ageMs, policy);
  depart(forecast, transfer, leftUnseen, transfer.rssKib * leftUnseen);
  const unseen = unseenPart(transfer.sinceMs, target?.node.ageMs, policy);
  const onItsWay = transfer.sinceMs === null;
  arrive(forecast, transfer.to, {
    runnable: unseen * policy.migrantLoad,
    rssKib: transfer.rssKib * unseen,
    slots: unseen > 0 ? 1 : 0,
    arrivals: onItsWay && transfer.from !== null ? 1 : 0,
  });
}

/** The part of a change that the node's last report can't contain yet: 1 before it happened, 0 a full sample later. */
function unseenPart(
  sinceMs: number | null,
  reportAgeMs: number | null | undefined,
  policy: BalancePolicy,
): number {
  if (sinceMs === null) return 1;
  if (policy.samplePeriodMs <= 0) return sinceMs < (reportAgeMs ?? 0) ? 1 : 0;
  return Math.max(0, Math.min(1, 1 - (sinceMs - (reportAgeMs ?? 0)) / policy.samplePeriodMs));
}

function depart(
  forecast: Forecast,
  { from }: { readonly from: NodeId | null },
  runnable: number,
  kib: number,
): void {
  const source = from === null ? undefined : forecast.get(from);
  if (!source) return;
  forecast.set(source.node.node, {
    ...source,
    leaving: Math.max(0, source.leaving - runnable),
    freeKib: source.freeKib + kib,
  });
}

function arrive(
  forecast: Forecast,
  to: NodeId,
  load: {
    readonly runnable: number;
    readonly rssKib: number;
    readonly slots: number;
    readonly arrivals: number;
  },
): void {
  const target = forecast.get(to);
  if (!target) return;
  forecast.set(to, {
    ...target,
    arriving: target.arriving + load.runnable,
    freeKib: target.freeKib - load.rssKib,
    roomKib: target.roomKib - load.rssKib,
    freeslots: target.freeslots === null ? null : target.freeslots - load.slots,
    arrivals: target.arrivals + load.arrivals,
  });
}
