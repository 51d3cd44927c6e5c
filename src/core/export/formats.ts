import type { ClusterSnapshot, ConfiguredNode } from '../cluster-map.js';
import { exportAnsible } from './ansible.js';
import { exportHaproxy, type HaproxyOptions } from './haproxy.js';
import { exportNodes } from './nodes.js';
import { exportPrometheus } from './prometheus.js';
import { exportMpi, exportParallel, exportPdsh } from './slots.js';

export const exportForms = ['ansible', 'mpi', 'parallel', 'pdsh', 'prometheus', 'haproxy'] as const;
export type ExportForm = (typeof exportForms)[number];

/** The cluster as another program reads it. */
export function exportCluster(
  form: ExportForm,
  nodes: readonly ConfiguredNode[],
  snapshot: ClusterSnapshot,
  haproxy: HaproxyOptions,
): string {
  const known = exportNodes(nodes, snapshot);
  switch (form) {
    case 'ansible':
      return exportAnsible(known);
    case 'mpi':
      return exportMpi(known);
    case 'parallel':
      return exportParallel(known);
    case 'pdsh':
      return exportPdsh(known);
    case 'prometheus':
      return exportPrometheus(known, snapshot);
    case 'haproxy':
      return exportHaproxy(known, haproxy);
  }
}
