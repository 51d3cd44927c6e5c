import type { ClusterSnapshot, GuestView } from '../../core/cluster-map.js';
import type { HomeContext } from './homes.js';

/** What the tools see and the balancer decides by. `placedOnly` leaves out new jobs that have no node yet. */
export function clusterSnapshot(
  context: HomeContext,
  options: {
    readonly placedOnly?: boolean;
    readonly guests?: readonly GuestView[];
    readonly all?: boolean;
  } = {},
): ClusterSnapshot {
  const nowMs = performance.now();
  const jobs = context.homes.views(context.nodes, nowMs, { all: options.all ?? false });
  return {
    self: context.nodes.self,
    atMs: Date.now(),
    sspeed: 10_000,
    nodes: context.nodes.views(nowMs),
    jobs: options.placedOnly
      ? jobs.filter((job) => job.state !== 'starting' || context.homes.find(job.job)?.placed != null)
      : jobs,
    guests: options.guests ?? [],
  };
}
