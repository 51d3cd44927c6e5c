import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { connectMosd, type MosdClient } from '../../src/cluster/mosd-client.js';
import { program } from './program.js';

const run = promisify(execFile);

/** Makes node `on` the home of a map of all nodes of the cluster; its mosd runs afterwards. */
export async function loadMap(cluster: EmbeddedCluster, on: number): Promise<MosdClient> {
  const { env } = cluster.node(on);
  const map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
  const child = run(process.execPath, [program, 'setpe', '-w', '--node', String(on), '-f', '-'], { env });
  child.child.stdin?.end(map);
  await child;
  return connectMosd({ start: true, env });
}

/** Waits until every node reports. */
export async function allUp(client: MosdClient, count: number, deadlineMs: number): Promise<void> {
  for (const end = Date.now() + deadlineMs; Date.now() < end;) {
    const { nodes } = await client.request('status', { fresh: false });
    if (nodes.filter(({ state, report }) => state === 'up' && report !== null).length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { nodes } = await client.request('status', { fresh: false });
  throw new Error(
    `not all nodes come up: ${JSON.stringify(nodes.filter(({ state }) => state !== 'up').slice(0, 3))}`,
  );
}
