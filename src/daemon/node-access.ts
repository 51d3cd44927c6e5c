import type { Duplex } from 'node:stream';
import type { NodeId } from '../core/ids.js';
import type { GuestMethods } from '../protocol/guest-messages.js';
import type { Opening } from '../protocol/messages.js';

/** A node as home deals with it: over its SSH link, or (for home itself) in this very process. */
export interface NodeAccess {
  readonly node: NodeId;
  /** Rejects with UnreachableError when the node does not answer in time. */
  call<M extends keyof GuestMethods>(
    method: M,
    params: GuestMethods[M][0],
    options?: { readonly timeoutMs?: number },
  ): Promise<GuestMethods[M][1]>;
  /** Grows with everything that comes from it; null: there is no link to hear anything through (home itself). */
  heard(): number | null;
  /** A channel of its own, past the greeting and the go-ahead. */
  open(opening: Extract<Opening, { open: 'io' | 'bulk' }>): Promise<Duplex>;
}
