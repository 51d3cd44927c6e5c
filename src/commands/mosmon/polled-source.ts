import { pollCluster, type PollOptions } from '../../cluster/poller.js';
import type { ClusterSnapshot, ConfiguredNode } from '../../core/cluster-map.js';
import { expandNodes } from '../../core/nodes.js';
import { UsageError } from '../../errors.js';
import { resolveHost } from '../../transport/ssh-config.js';
import { connectSsh } from '../../transport/ssh.js';
import type { SnapshotSource } from '../../ui/snapshot-source.js';
import { parseTable, readTableText } from '../setpe/read-table.js';

const intervalMs = 1_000;
const deadlineMs = 10_000;

/** The nodes of a map, asked over SSH by this process itself: no mosd anywhere. */
export async function polledSource(file: string, env: NodeJS.ProcessEnv): Promise<SnapshotSource> {
  const nodes = await readNodes(file);
  const closing = new AbortController();
  return {
    snapshots: () => pollCluster(pollOptions(nodes, env, closing.signal)),
    migrate: (job) => Promise.resolve({ kind: 'problem', text: `${job} stays: only a mosd moves jobs` }),
    close: () => closing.abort(),
  };
}

/** The first snapshot in which every node has answered or is known not to. */
export async function pollOnce(file: string, env: NodeJS.ProcessEnv): Promise<ClusterSnapshot> {
  const closing = new AbortController();
  let last: ClusterSnapshot | null = null;
  for await (const snapshot of pollCluster(pollOptions(await readNodes(file), env, closing.signal))) {
    last = snapshot;
    if (snapshot.nodes.every(({ state }) => state !== 'connecting')) break;
  }
  closing.abort();
  if (!last) throw new UsageError(`${file} names no nodes`);
  return last;
}

async function readNodes(file: string): Promise<readonly ConfiguredNode[]> {
  const table = parseTable(await readTableText(file), file === '-' ? 'standard input' : file);
  if (!table.ok) throw new UsageError(table.problems.join('\n'));
  const nodes = expandNodes(table.config);
  if (nodes.length === 0) throw new UsageError(`${file} names no nodes`);
  return nodes;
}

function pollOptions(
  nodes: readonly ConfiguredNode[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): PollOptions {
  return {
    nodes,
    intervalMs,
    deadlineMs,
    signal,
    connect: async ({ address }, withinMs, stop) =>
      connectSsh(await resolveHost(address, env), { deadlineMs: withinMs, signal: stop }),
  };
}
