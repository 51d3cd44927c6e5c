import type { ClusterSnapshot } from '../../core/cluster-map.js';
import type { SnapshotSource } from '../../ui/snapshot-source.js';

export function polledSource(file: string, env: NodeJS.ProcessEnv): Promise<SnapshotSource> {
  return Promise.reject(new Error(`not built yet: ${file} ${env['MOSKIT_DIR'] ?? ''}`));
}

export function pollOnce(file: string, env: NodeJS.ProcessEnv): Promise<ClusterSnapshot> {
  return Promise.reject(new Error(`not built yet: ${file} ${env['MOSKIT_DIR'] ?? ''}`));
}
