import type { ClusterSnapshot, ConfiguredNode } from '../../../src/core/cluster-map.js';
import { aDeadNode, aJob, aNode } from '../../ui/cluster-fixture.js';

/** Every kind of address that a map takes, and every reason to have no room. */
export const nodes: readonly ConfiguredNode[] = [
  { node: 1, address: '10.1.1.100', aliases: [] },
  { node: 2, address: 'ana@pc-2.example', aliases: [] },
  { node: 3, address: 'fe80::3%eth0', aliases: [] },
  { node: 4, address: 'nodo_4', aliases: [] },
  { node: 5, address: '10.1.1.104', aliases: [] },
  { node: 6, address: 'busy', aliases: [] },
  { node: 7, address: '2001:db8::7', aliases: [] },
];

export const snapshot: ClusterSnapshot = {
  self: 1,
  atMs: 0,
  sspeed: 10_000,
  nodes: [
    aNode(1, {}, { cpus: 4, util: 25 }),
    aNode(2, {}, { cpus: 8, util: 0, speed: 20_000 }),
    aNode(3, {}, { cpus: 2, util: 0 }),
    aNode(4, {}, { cpus: 2, util: 0, block: true }),
    aDeadNode(5),
    aNode(6, {}, { cpus: 2, util: 100 }),
    aNode(7, {}, { cpus: 1, util: 10 }),
  ],
  jobs: [aJob(1), aJob(2, { where: 2 }), aJob(3, { state: 'done' })],
  guests: [],
};
