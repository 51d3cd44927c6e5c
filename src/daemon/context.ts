import type { ClusterSnapshot, GuestView, NodeReport } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { RefusedError } from '../errors.js';
import type { Paths } from '../paths.js';
import type { GuestUsage } from '../protocol/guest-messages.js';
import type { Rpc } from '../protocol/rpc.js';
import type { History } from '../state/history.js';
import type { MapStore } from '../state/map-store.js';
import type { Guests } from './guest/registry.js';
import type { GuestContext } from './guest/service.js';
import type { HomeContext } from './home/homes.js';
import type { Log } from './log.js';

/** One mosd: everything that its parts share. */
export interface Daemon {
  readonly paths: Paths;
  readonly log: Log;
  readonly map: MapStore;
  readonly history: History;
  readonly guests: Guests;
  readonly guestContext: GuestContext;
  /** Null while this node is in no cluster. */
  home: HomeContext | null;
  /** Homes that are linked to this node, by cluster identity. */
  readonly homeLinks: Map<string, { readonly home: NodeId; readonly rpc: Rpc }>;
  report(): NodeReport;
  guestViews(): readonly GuestView[];
  /** Use of the guests of one home. */
  guestUsage(cluster: string): readonly GuestUsage[];
  snapshot(options?: { readonly all?: boolean }): ClusterSnapshot;
  /** Takes over config and admin as the map now has them. */
  reconfigure(): Promise<void>;
  shutdown(): void;
}

/** Throws RefusedError while this node is in no cluster. */
export function homeOfDaemon(daemon: Daemon): HomeContext {
  if (daemon.home) return daemon.home;
  throw new RefusedError('This is not openMosix! No cluster is configured here', {
    hint: 'write a map and load it: setpe -w -f FILE',
  });
}
