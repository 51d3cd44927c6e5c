import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { resolveHost } from '../../src/transport/ssh-config.js';
import { connectSsh } from '../../src/transport/ssh.js';
import { figure, median, type Figure } from './figure.js';
import { allUp, loadMap } from './load-map.js';

const nodes = 50;
const rounds = 30;
const what = 'one warm status round over 50 embedded nodes / the same over bare ssh2 channels that echo';

export async function pollFigure(): Promise<readonly Figure[]> {
  const cluster = await startEmbeddedCluster({ nodes, env: { MOSKIT_SHARED_MACHINE: '1' } });
  try {
    const client = await loadMap(cluster, 1);
    await allUp(client, nodes, 300_000);
    const bare = await startBare(cluster);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now();
      await client.request('status', { fresh: true });
      ours.push(performance.now() - startMs);
      theirs.push(await bare.round());
    }
    bare.stop();
    client.close();
    const [oursMs, bareMs] = [median(ours), median(theirs)];
    return [
      figure('poll', what, oursMs / bareMs, 3, `${oursMs.toFixed(1)} ms against ${bareMs.toFixed(1)} ms`),
    ];
  } finally {
    await cluster.stop();
  }
}

/** The peer runs in a process of its own, as mosd does: the servers are in this one. */
async function startBare(cluster: EmbeddedCluster): Promise<{ round(): Promise<number>; stop(): void }> {
  const names = cluster.nodes.slice(1).map(({ name }) => name);
  const child = spawn(process.execPath, [process.argv[1]!, '--bare-ssh2', ...names], {
    env: cluster.node(1).env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    round: async () => {
      child.stdin.write('\n');
      return Number((await lines.next()).value);
    },
    stop: () => child.stdin.end(),
  };
}

/** Bare ssh2: a live channel per node whose other end answers each line with a constant. */
export async function bareClient(names: readonly string[]): Promise<void> {
  const channels = await Promise.all(
    names.map(async (name) => {
      const connection = await connectSsh(await resolveHost(name, process.env), { deadlineMs: 60_000 });
      const channel = await connection.exec('while read -r x; do echo \'{"load":0}\'; done');
      return {
        channel,
        lines: createInterface({ input: channel.stdout })[Symbol.asyncIterator](),
        connection,
      };
    }),
  );
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const startMs = performance.now();
    await Promise.all(
      channels.map(({ channel, lines }) => {
        channel.stdin.write(`${line}?\n`);
        return lines.next();
      }),
    );
    console.log(performance.now() - startMs);
  }
  for (const { connection } of channels) connection.close();
  process.exit(0);
}
