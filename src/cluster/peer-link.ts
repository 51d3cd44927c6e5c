import type { Duplex } from 'node:stream';
import type { NodeId } from '../core/ids.js';
import type { Hello } from '../protocol/handshake.js';
import type { Opening } from '../protocol/messages.js';
import type { Connection } from '../transport/transport.js';

/** Who calls whom, in the words of the `rpc` opening. */
export interface Caller {
  readonly home: NodeId;
  readonly you: NodeId;
  readonly cluster: string;
}

/** A node that answers: the one SSH connection to it, and the rpc channel to its mosd. */
export interface PeerLink {
  /** What its mosd said of itself. */
  readonly hello: Hello;
  /** Past both greetings and our opening: ready for `new Rpc(link.rpc, …)`. */
  readonly rpc: Duplex;
  /** One more channel to its mosd, past the greetings; for `io` and `bulk` also past its `{"ok":true}`. */
  openChannel(opening: Opening, options?: { readonly timeoutMs?: number }): Promise<Duplex>;
  readonly connection: Connection;
  /** Settles once, when the connection or the rpc channel ended (undefined after `close`). */
  readonly closed: Promise<Error | undefined>;
  close(): void;
}

/** A node that can be reached, but runs no mosd: it has no Node.js, or one that is too old. */
export interface MonitorOnly {
  readonly connection: Connection;
  /** Why, in words for the user. */
  readonly reason: string;
}

export type Dialled =
  { readonly kind: 'link'; readonly link: PeerLink } | ({ readonly kind: 'monitor-only' } & MonitorOnly);
