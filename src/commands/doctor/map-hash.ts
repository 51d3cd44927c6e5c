import { createHash } from 'node:crypto';
import type { ClusterConfig } from '../../core/cluster-map.js';
import { expandNodes } from '../../core/nodes.js';

/** Maps that name the same nodes by the same numbers have the same hash, however they are written. */
export function hashOfMap(config: ClusterConfig): string {
  const nodes = expandNodes(config).map(({ node, address, aliases }) => [node, address, [...aliases].sort()]);
  return createHash('sha256').update(JSON.stringify(nodes)).digest('hex').slice(0, 16);
}
