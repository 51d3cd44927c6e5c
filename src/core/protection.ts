import type { NodeId } from './ids.js';

/** What becomes of a job whose node is gone: it waits for a person, goes on from its last image, or begins anew. */
export type OnNodeLoss = 'hold' | 'restart' | 'recover';

/** What `--checkpoint`, `--keeper`, `--on-node-loss` and `--lease` said. */
export interface Protection {
  /** An image this often, ms; null = never. */
  readonly checkpointMs: number | null;
  /** The node that keeps the images; null = home. */
  readonly keeper: NodeId | null;
  readonly onNodeLoss: OnNodeLoss;
  /** A guest whose home has been silent for longer stands still, ms. Only where it may be started elsewhere. */
  readonly leaseMs: number;
}

export const defaultLeaseMs = 60_000;
export const defaultCheckpointMs = 600_000;
/** On top of the lease before home believes that the guest stands still, ms: the warden's round, a slow stop, clocks that drift. */
export function leaseGraceMs(leaseMs: number): number {
  return 5_000 + leaseMs / 10;
}
/** Images that are kept: when the newest turns out to be damaged there is one more. */
export const keptImages = 2;

export const unprotected: Protection = {
  checkpointMs: null,
  keeper: null,
  onNodeLoss: 'hold',
  leaseMs: defaultLeaseMs,
};

/** A job may be started elsewhere while its node is merely cut off: then it runs under a lease. */
export function isLeased({ onNodeLoss }: Protection): boolean {
  return onNodeLoss !== 'hold';
}

/** May it have to read its input again? */
export function mayGoBack({ onNodeLoss, checkpointMs }: Protection): boolean {
  return onNodeLoss !== 'hold' || checkpointMs !== null;
}

/**
 * Does the guest stand still for certain? `givenMs`: when home last did anything that could have lengthened the lease,
 * `nowMs`: now, both by home's monotonic clock.
 */
export function isLeaseOver({ leaseMs }: Protection, givenMs: number, nowMs: number): boolean {
  return nowMs - givenMs > leaseMs + leaseGraceMs(leaseMs);
}

/**
 * The node's side: until when a renewal lets the guest run, ms of the node's own monotonic clock. Home sends back the
 * reading of that clock that it heard last; so a renewal that was on its way for long is worth little, and neither side
 * needs to know the other's clock.
 */
export function leaseUntil(echoMs: number, leaseMs: number, nowMs: number): number {
  return Math.min(echoMs, nowMs) + leaseMs;
}

export type AfterLoss = 'recover' | 'restart' | 'wait' | 'lose';

/** What happens to a job whose node is lost for certain. */
export function afterLoss({ onNodeLoss }: Protection, hasImage: boolean): AfterLoss {
  if (onNodeLoss === 'restart') return 'restart';
  if (onNodeLoss === 'recover') return hasImage ? 'recover' : 'restart';
  return hasImage ? 'wait' : 'lose';
}
