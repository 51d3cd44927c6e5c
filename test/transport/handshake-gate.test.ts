import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { HandshakeGate } from '../../src/transport/handshake-gate.js';
import { resolveHost } from '../../src/transport/ssh-config.js';
import { connectSsh } from '../../src/transport/ssh.js';

describe('the handshake gate', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 20 });
  });
  afterAll(() => cluster.stop());

  it('lets 20 connects at once do at most 8 handshakes at a time', async () => {
    const host = await resolveHost('n1', { ...process.env, MOSKIT_SSH_CONFIG: cluster.sshConfig });
    const connects = Array.from({ length: 20 }, () => connectSsh(host, { deadlineMs: 60_000 }));
    const connections = await Promise.all(connects);
    expect(cluster.node(1).server.mostHandshakes()).toBeGreaterThan(1);
    expect(cluster.node(1).server.mostHandshakes()).toBeLessThanOrEqual(8);
    for (const connection of connections) connection.close();
  });

  it('is not blocked by more wedged hosts than it has places', async () => {
    const env = { ...process.env, MOSKIT_SSH_CONFIG: cluster.sshConfig };
    const wedged = cluster.nodes.slice(2, 14);
    for (const node of wedged) node.server.wedge();
    const giveUp = new AbortController();
    setMaxListeners(0, giveUp.signal);
    let settled = 0;
    const stuck = wedged.map(async ({ name }) => {
      const host = await resolveHost(name, env);
      await connectSsh(host, { deadlineMs: 60_000, signal: giveUp.signal }).catch(() => undefined);
      settled += 1;
    });
    const connection = await connectSsh(await resolveHost('n2', env), { deadlineMs: 60_000 });
    expect(settled).toBe(0);
    connection.close();
    giveUp.abort();
    await Promise.all(stuck);
    for (const node of wedged) node.server.unwedge();
  });

  it('gives the place of a silent one to the next, and takes it back when it speaks', async () => {
    const gate = new HandshakeGate(1);
    const { signal } = new AbortController();
    const first = await gate.enter(signal);
    let speak: (word: string) => void = () => undefined;
    const silent = first.during(new Promise<string>((resolve) => (speak = resolve)), 10);
    const second = await gate.enter(signal);
    speak('at last');
    let isBack = false;
    void silent.then(() => (isBack = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isBack).toBe(false);
    second.leave();
    expect(await silent).toBe('at last');
    first.leave();
  });

  it('lets a waiter give up', async () => {
    const gate = new HandshakeGate(1);
    const first = await gate.enter(new AbortController().signal);
    const giveUp = new AbortController();
    const waiting = gate.enter(giveUp.signal);
    giveUp.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    first.leave();
    (await gate.enter(new AbortController().signal)).leave();
  });
});
