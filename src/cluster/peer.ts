import type { NodeState } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import type { Connection } from '../transport/transport.js';
import type { Caller, PeerLink } from './peer-link.js';

export interface PeerState {
  readonly state: NodeState;
  /** Why it is not up, with what to do about it. */
  readonly problem?: string;
}

export interface PeerOptions {
  readonly node: NodeId;
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  readonly program: string;
  readonly as: Caller;
  /** For one attempt; default 20 s. */
  readonly deadlineMs?: number;
  /** Called for every new link, before anybody who waits in `link()` gets it. */
  readonly onLink?: (link: PeerLink) => void;
  readonly onState?: (state: PeerState) => void;
}

/** Keeps one connection to one node, for as long as it is not closed. */
export interface Peer {
  readonly node: NodeId;
  readonly address: string;
  state(): PeerState;
  /** The link as it is now, or null. */
  current(): PeerLink | null;
  /** Connection to a monitor-only node (or of the link), or null. */
  connection(): Connection | null;
  /** Waits for the link, at most `deadlineMs`; rejects with UnreachableError that says why there is none. */
  link(options?: { readonly deadlineMs?: number }): Promise<PeerLink>;
  /** Tries again at once instead of waiting for the backoff. */
  poke(): void;
  close(): void;
}

export function createPeer(options: PeerOptions): Peer {
  throw new Error(`not built yet: ${options.address}`);
}
