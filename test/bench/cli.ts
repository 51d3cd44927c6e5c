import { startEmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { figure, timePair, timeRun, type Figure } from './figure.js';
import { loadMap } from './load-map.js';
import { program } from './program.js';

const rounds = 15;

export async function cliFigures(): Promise<readonly Figure[]> {
  const cluster = await startEmbeddedCluster({ nodes: 2, env: { MOSKIT_SHARED_MACHINE: '1' } });
  try {
    const { env } = cluster.node(1);
    await loadMap(cluster, 1);
    const isup = (): Promise<number> =>
      timeRun(process.execPath, [program.replace('moskit.mjs', '../bin/mosctl.js'), 'isup', '1'], env);
    const bare = (): Promise<number> => timeRun(process.execPath, ['-e', '0'], env);
    const [ours, node] = await timePair(rounds, isup, bare);
    return [
      figure(
        'cli',
        'mosctl isup 1 with a warm mosd / node -e 0',
        ours / node,
        1.5,
        `${ours.toFixed(0)} ms against ${node.toFixed(0)} ms`,
      ),
    ];
  } finally {
    await cluster.stop();
  }
}
