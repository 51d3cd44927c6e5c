import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { backoffMs } from '../../src/cluster/backoff.js';
import type { PeerLink } from '../../src/cluster/peer-link.js';
import { createPeer, type Peer, type PeerOptions, type PeerState } from '../../src/cluster/peer.js';
import { Rpc } from '../../src/protocol/rpc.js';
import { pollUntil } from '../poll-until.js';
import { buildStandIn, canHideNodeJs, dialOptions, hidingNodeJs } from './nodes.js';

let cluster: EmbeddedCluster;
let program: string;
const peers: Peer[] = [];

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ nodes: 6 });
  program = await buildStandIn(cluster);
});
afterAll(() => cluster.stop());
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close();
});

function peerOf(n: number, more: Partial<PeerOptions> = {}): { peer: Peer; states: PeerState[] } {
  const states: PeerState[] = [];
  const { address, env, as } = dialOptions(cluster, n, program);
  const onState = (state: PeerState): void => void states.push(state);
  const peer = createPeer({ node: n, address, env, program, as, onState, ...more });
  peers.push(peer);
  return { peer, states };
}

const ask = (link: PeerLink, method: string): Promise<unknown> =>
  new Rpc(link.rpc, { peerName: 'the node' }).request(method, {}, { timeoutMs: 10_000 });

describe('a peer', () => {
  it('is connecting, then up; whoever waits gets the link after onLink had it', async () => {
    const order: string[] = [];
    const { peer, states } = peerOf(1, { onLink: () => order.push('onLink') });
    expect(peer.state()).toEqual({ state: 'connecting' });
    const link = await peer.link();
    order.push('link');
    expect(order).toEqual(['onLink', 'link']);
    expect(states).toEqual([{ state: 'up' }]);
    expect(peer.current()).toBe(link);
    expect(peer.connection()).toBe(link.connection);
    expect(await ask(link, 'ping')).toMatchObject({ method: 'ping' });
  });

  it('comes back by itself after mosd there died', async () => {
    const { peer, states } = peerOf(1);
    const first = await peer.link();
    await ask(first, 'exit').catch(() => undefined);
    await pollUntil(() => peer.current() !== null && peer.current() !== first);
    expect(states.map(({ state }) => state)).toEqual(['up', 'down', 'up']);
    expect(states[1]?.problem).toContain('mosd of n1 closed the link');
  });

  it('says why a node is down, tells whoever asks, and comes back at once when poked', async () => {
    await cluster.node(2).server.cut();
    const { peer } = peerOf(2);
    await expect(peer.link()).rejects.toThrow('n2 (127.0.0.1) cannot be reached: port');
    expect(peer.state()).toMatchObject({ state: 'down' });
    await expect(peer.link()).rejects.toThrow('n2 is down: n2 (127.0.0.1) cannot be reached');
    await cluster.node(2).server.heal();
    peer.poke();
    await pollUntil(() => peer.state().state === 'up');
  });

  it('puts the line that helps into the problem', async () => {
    await cluster.node(3).server.changeHostKey();
    const { peer } = peerOf(3);
    await peer.link().catch(() => undefined);
    expect(peer.state().problem).toContain('host key changed');
    expect(peer.state().problem).toContain('ssh-keygen -R');
  });

  it.skipIf(!canHideNodeJs)(
    'keeps the connection to a node it can only watch, and tells whoever wants a link',
    async () => {
      const old = join(cluster.dir, 'node');
      await writeFile(old, '#!/bin/sh\ntest "$1" = -p && echo 18.0.0 && exit 0\nexit 1\n', { mode: 0o755 });
      const node = cluster.node(4);
      node.behave({ shell: hidingNodeJs, env: { ...node.env, PATH: `${cluster.dir}:/usr/bin:/bin` } });
      const { peer } = peerOf(4);
      await expect(peer.link()).rejects.toThrow('n4 is monitor only: its Node.js 18.0.0 is too old');
      expect(peer.state()).toMatchObject({ state: 'monitor-only' });
      const connection = peer.connection()!;
      await expect(peer.link()).rejects.toThrow('monitor only');
      expect(peer.connection()).toBe(connection);
      const channel = await connection.exec('echo sampled');
      expect(String(await once(channel.stdout, 'data'))).toBe('sampled\n');
      node.behave({ shell: ['/bin/sh'], env: node.env });
      peer.poke(); // somebody installed a newer one
      await pollUntil(() => peer.state().state === 'up');
    },
  );

  it('does not wait for another that is wedged', async () => {
    cluster.node(5).server.wedge();
    const wedged = peerOf(5, { deadlineMs: 30_000 });
    const { peer } = peerOf(6);
    await peer.link();
    expect(wedged.peer.state()).toEqual({ state: 'connecting' });
    await expect(wedged.peer.link({ deadlineMs: 50 })).rejects.toThrow('n5 did not answer within 0.05 s');
    cluster.node(5).server.unwedge();
  });

  it('ends when nobody wants it, with all who wait', async () => {
    const { peer } = peerOf(6);
    const link = await peer.link();
    peer.close();
    expect(await link.closed).toBeUndefined();
    await pollUntil(() => cluster.node(6).server.connections() === 0);
    await expect(peer.link()).rejects.toThrow('not wanted any more');

    cluster.node(5).server.wedge();
    const wedged = peerOf(5);
    const waiting = wedged.peer.link();
    wedged.peer.close();
    await expect(waiting).rejects.toThrow('not wanted any more');
    cluster.node(5).server.unwedge();
  });
});

describe('backoffMs', () => {
  it('doubles from half a second to a minute, and takes a random half of it', () => {
    const range = (failures: number): readonly number[] => [backoffMs(failures, 0), backoffMs(failures, 1)];
    expect(range(0)).toEqual([250, 500]);
    expect(range(1)).toEqual([250, 500]);
    expect(range(2)).toEqual([500, 1000]);
    expect(range(8)).toEqual([30_000, 60_000]);
    expect(range(10_000)).toEqual([30_000, 60_000]);
  });
});
