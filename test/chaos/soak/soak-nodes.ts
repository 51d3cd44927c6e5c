import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  startEmbeddedCluster,
  type EmbeddedCluster,
  type EmbeddedNode,
} from '../../../fixtures/embedded/cluster.js';
import { findMarked, markVariable } from '../../../fixtures/embedded/reaper.js';
import { runOnNode } from '../../../fixtures/demo/run-on-node.js';
import { connectMosd, type MosdClient } from '../../../src/cluster/mosd-client.js';
import { pollUntil } from '../../poll-until.js';
import { jobProgram } from './job-program.js';

/** Nodes with the map; jobs are born there. Node 1's mosd is never killed, so that its memory can be followed. */
export const homes: readonly number[] = [1, 2];
const speed = 10_000;
const startMs = 120_000;

export interface SoakNodes {
  readonly cluster: EmbeddedCluster;
  readonly folder: string;
  /** Command line of a tool, for example `mosrun`. */
  tool(name: string): readonly string[];
  /** One conversation with a node's mosd, which is started when it does not run. */
  ask<T>(n: number, talk: (mosd: MosdClient) => Promise<T>): Promise<T>;
  mosdPid(n: number): Promise<number>;
  stop(): Promise<void>;
}

/** Embedded nodes with a program of their own: a build meanwhile does not change it. */
export async function startSoakNodes(count: number, repository: string): Promise<SoakNodes> {
  const cluster = await startEmbeddedCluster({
    nodes: count,
    env: { MOSKIT_SHARED_MACHINE: '1', MOSKIT_IDLE_SECONDS: '7200' },
  });
  try {
    return await fillCluster(cluster, repository);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function fillCluster(cluster: EmbeddedCluster, repository: string): Promise<SoakNodes> {
  const program = join(cluster.dir, 'program');
  for (const part of ['bin', 'dist']) {
    await cp(join(repository, part), join(program, part), {
      recursive: true,
      filter: (path) => !/\/(lab|demo|bench|chaos|moskit-with-faults)\.mjs$/.test(path),
    });
  }
  const folder = join(cluster.dir, 'soak');
  await mkdir(join(folder, 'witness'), { recursive: true });
  await writeFile(join(folder, 'job.sh'), jobProgram);
  const withProgram = (node: EmbeddedNode): NodeJS.ProcessEnv => ({
    ...node.env,
    MOSKIT_PROGRAM: join(program, 'dist', 'moskit.mjs'),
  });
  const nodes: SoakNodes = {
    cluster,
    folder,
    tool: (name) => [process.execPath, join(program, 'bin', `${name}.js`)],
    ask: async (n, talk) => {
      const env = withProgram(cluster.node(n));
      const mosd = await connectMosd({ start: true, env, timeoutMs: startMs });
      try {
        return await talk(mosd);
      } finally {
        mosd.close();
      }
    },
    mosdPid: async (n) => {
      const text = await readFile(join(cluster.node(n).home, '.moskit', 'mosd.pid'), 'utf8');
      return (JSON.parse(text) as { readonly pid: number }).pid;
    },
    stop: () => cluster.stop(),
  };
  await joinTogether(nodes);
  return nodes;
}

async function joinTogether(nodes: SoakNodes): Promise<void> {
  const { cluster } = nodes;
  for (const { n } of cluster.nodes)
    await nodes.ask(n, (mosd) => mosd.request('setAdmin', { admin: { speed } }));
  const map = cluster.nodes.map(({ n, name }) => `${n} ${name} 1\n`).join('');
  for (const home of homes) {
    const setpe = [...nodes.tool('setpe'), '-w', '--node', `${home}`, '-f', '-'];
    await runOnNode(cluster.node(home), setpe, { input: map });
  }
  for (const home of homes) await pollUntil(() => sees(nodes, home), startMs);
}

/** All links of this home are up. */
export async function sees(nodes: SoakNodes, home: number): Promise<boolean> {
  const snapshot = await nodes.ask(home, (mosd) => mosd.request('status', { fresh: false }));
  return (
    snapshot.nodes.length === nodes.cluster.nodes.length &&
    snapshot.nodes.every((view) => view.state === 'up' && view.report !== null)
  );
}

/** What each mosd has open, and what runs and lies about that no idle cluster has. */
export interface Idle {
  readonly descriptors: readonly number[];
  readonly leftovers: readonly string[];
}

export async function lookAtIdle(nodes: SoakNodes): Promise<Idle> {
  const { cluster } = nodes;
  const pids = await Promise.all(cluster.nodes.map(({ n }) => nodes.mosdPid(n)));
  const descriptors = await Promise.all(
    pids.map(async (pid) => (await readdir(`/proc/${pid}/fd`).catch(() => [])).length),
  );
  const strangers = findMarked(cluster.node(1).env[markVariable] ?? '').filter((pid) => !pids.includes(pid));
  const processes = await Promise.all(
    strangers.map(async (pid) => {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return words === '' ? [] : [`process ${pid}: ${words.replaceAll('\0', ' ').slice(0, 200)}`];
    }),
  );
  const folders = await Promise.all(
    cluster.nodes.flatMap(({ home }) =>
      ['jobs', 'guests'].map(async (name) => {
        const path = join(home, '.moskit', name);
        return (await readdir(path).catch(() => [])).map((entry) => `folder ${join(path, entry)}`);
      }),
    ),
  );
  const running = processes.flat();
  // On a busy machine a link may go through a bridge: one for each home and node, no more.
  const bridges = running.filter((text) => text.endsWith(' bridge '));
  const links = homes.length * (cluster.nodes.length - 1);
  const left = bridges.length > links ? running : running.filter((text) => !bridges.includes(text));
  return { descriptors, leftovers: [...left, ...folders.flat()] };
}

/** Logs and histories, to be read when the nodes are gone. */
export async function keepLogs(nodes: SoakNodes, folder: string): Promise<void> {
  for (const { name, home } of nodes.cluster.nodes) {
    for (const file of ['mosd.log', 'mosd.log.1', 'history.ndjson', 'history.ndjson.1']) {
      await cp(join(home, '.moskit', file), join(folder, name, file)).catch(() => undefined);
    }
  }
}
