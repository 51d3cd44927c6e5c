import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyMap } from '../../src/core/map-empty.js';
import { nodes, snapshot } from '../core/export/cluster-fixture.js';
import { runTool } from './run-tool.js';
import { startStandIn, type StandIn } from './stand-in-mosd.js';

let mosd: StandIn;
beforeEach(async () => {
  mosd = await startStandIn({
    map: () => ({
      ...emptyMap(),
      config: { entries: nodes.map(({ node, address }) => ({ node, address, count: 1 })) },
    }),
    status: () => snapshot,
  });
});
afterEach(() => mosd.close());

const run = (line: string) => runTool(['mosctl', 'export', ...line.split(' ')], { env: mosd.env });

describe('mosctl export', () => {
  test.each([
    ['mpi', '10.1.1.100 slots=3\n'],
    ['parallel', '3/:\n'],
    ['pdsh', '10.1.1.100\n'],
    ['ansible', 'moskit:\n'],
    ['prometheus', '# HELP moskit_node_up '],
    ['haproxy --port 8080 --backend web', 'backend web\n'],
    ['--json mpi', '{"form":"mpi","text":"10.1.1.100 slots=3\\n'],
  ])('%s prints the cluster after asking every node', async (line, start) => {
    const { code, stdout, stderr } = await run(line);
    expect([code, stderr, stdout.slice(0, start.length)]).toEqual([0, '', start]);
    expect(mosd.asked.find(({ method }) => method === 'status')?.params).toEqual({ fresh: true });
  });

  test.each([
    ['slurm', "'slurm' is none of ansible, mpi"],
    ['haproxy --port 0', '--port goes from 1 to 65535'],
    ['haproxy --port 80.5', '--port goes from 1 to 65535'],
    ['haproxy --backend a;b', "'a;b' is no name of a backend"],
    ['mpi --port 80', '--port and --backend belong to haproxy'],
    ['mpi pdsh', 'too many arguments'],
  ])('%s is refused', async (line, words) => {
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
  });
});
