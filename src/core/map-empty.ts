import { defaultAdmin, defaultDecay } from './admin.js';
import { mapFormat, type ClusterMap } from './cluster-map.js';

/** The map of a machine that is in no cluster yet. */
export function emptyMap(): ClusterMap {
  return {
    format: mapFormat,
    config: { entries: [] },
    admin: defaultAdmin,
    decay: defaultDecay,
    info: null,
    nodes: {},
    remote: {},
    jobs: {},
  };
}
