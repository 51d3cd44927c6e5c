import { setTimeout as delay } from 'node:timers/promises';
import { startEmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { figure, type Figure } from './figure.js';
import { allUp, loadMap } from './load-map.js';
import { cpuPercent, residentMb } from './process-cost.js';

const settleSeconds = 10;
const lookSeconds = 30;

/** An idle mosd of a small cluster: it samples, hears its peers' reports, and has nothing to do. */
export async function daemonFigures(): Promise<readonly Figure[]> {
  const cluster = await startEmbeddedCluster({ nodes: 3 });
  try {
    const client = await loadMap(cluster, 1);
    await allUp(client, 3, 60_000);
    const { pid } = await client.request('ping', {});
    client.close();
    await delay(settleSeconds * 1000);
    const cpu = await cpuPercent(pid, lookSeconds);
    const memory = await residentMb(pid);
    return [
      figure('mosd memory', 'resident memory of an idle mosd, MB', memory, 70, `${memory.toFixed(1)} MB`),
      figure(
        'mosd cpu',
        'processor use of an idle mosd, % of a core',
        cpu,
        1,
        `over ${lookSeconds} s, 2 peers linked`,
      ),
    ];
  } finally {
    await cluster.stop();
  }
}
