import type { ClusterMap, ClusterSnapshot, JobView, NodeReport } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { onYard } from '../../core/yard.js';
import { UsageError } from '../../errors.js';
import type { WhyAnswer } from '../../protocol/messages.js';
import { version } from '../../version.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import { driverOf } from '../home/job.js';
import { probeJob } from '../home/mobility.js';

/** One node that does not answer costs a status round this long at most. */
const reportDeadlineMs = 3_000;

/** Each gateway on the way adds as much time again, as in openMosix. */
function deadlineOf({ map: store }: Daemon): number {
  return reportDeadlineMs * (1 + store.map.admin.gateways);
}

export function ping(daemon: Daemon): Promise<{ version: string; pid: number; node: NodeId | 0 }> {
  return Promise.resolve({ version, pid: process.pid, node: daemon.map.map.admin.mospe });
}

export async function status(
  daemon: Daemon,
  { fresh }: { readonly fresh: boolean },
): Promise<ClusterSnapshot> {
  if (fresh && daemon.home) await daemon.home.nodes.refresh(deadlineOf(daemon));
  return daemon.snapshot();
}

export async function report(daemon: Daemon, { node }: { readonly node: NodeId }): Promise<NodeReport> {
  const { nodes } = homeOfDaemon(daemon);
  if (!nodes.has(node))
    throw new UsageError(`node ${node} is not in the map`, { hint: 'showmap lists the nodes' });
  const view = nodes.view(node, performance.now());
  const { sspeed } = daemon.map.map.admin;
  if (view.state === 'monitor-only' && view.report) return onYard(view.report, sspeed);
  const timeoutMs = deadlineOf(daemon);
  return onYard(await nodes.access(node).call('node.report', {}, { timeoutMs }), sspeed);
}

export function map(daemon: Daemon): Promise<ClusterMap> {
  return Promise.resolve(daemon.map.map);
}

export function jobs(daemon: Daemon, { all }: { readonly all: boolean }): Promise<readonly JobView[]> {
  return Promise.resolve(daemon.home ? daemon.snapshot({ all }).jobs : []);
}

export async function why(daemon: Daemon, { job: id }: { readonly job: string }): Promise<WhyAnswer> {
  const home = homeOfDaemon(daemon);
  const job = home.homes.get(id);
  await probeJob(home, job);
  return {
    job: id,
    driver: driverOf(job)?.driver ?? null,
    drivers: (job.mobility?.drivers ?? []).map(({ driver, reasons }) => ({ driver, reasons })),
    balance: job.balanceWord,
  };
}
