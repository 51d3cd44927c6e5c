import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { connectMosd } from '../../src/cluster/mosd-client.js';
import { formatHello } from '../../src/protocol/handshake.js';
import { pollUntil } from '../poll-until.js';

/** Node 1 is spoken to by all of them, node 2 by nobody. */
let cluster: EmbeddedCluster;
const sockets: Socket[] = [];

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ nodes: 2, env: { MOSKIT_SHARED_MACHINE: '1' } });
  for (const { env } of cluster.nodes) (await connectMosd({ start: true, env })).close();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await cluster.stop();
});

function speakTo(n: number): Socket {
  const socket = connect(join(cluster.node(n).home, '.moskit', 'mosd.sock'));
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

const opened = (what: object): string => `${formatHello({ role: 'tool' })}${JSON.stringify(what)}\n`;
const tool = opened({ open: 'rpc', as: 'tool' });
const home = opened({ open: 'rpc', as: 'home', home: 3, you: 1, cluster: '0123456789abcdef' });

/** Writes as fast as the other side takes it, until it takes no more. */
function pourInto(socket: Socket, text: string): void {
  const pour = (): void => {
    while (!socket.destroyed && socket.writable && socket.write(text));
  };
  socket.on('drain', pour);
  pour();
}

const bad: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing at all': (socket) => socket.resume(),
  'greets a byte at a time': (socket) => {
    socket.resume();
    const greeting = formatHello({ role: 'tool' });
    let sent = 0;
    const timer = setInterval(() => socket.write(greeting.charAt(sent++ % greeting.length)), 1_000);
    socket.once('close', () => clearInterval(timer));
  },
  'greets without an end': (socket) => pourInto(socket.resume(), 'x'.repeat(1_000)),
  'greets with garbage': (socket) => void socket.resume().write('\u0000\u0001\u0002{]\n'),
  'opens with garbage': (socket) => void socket.resume().write(`${formatHello({ role: 'tool' })}{]\n`),
  'sends half an opening': (socket) => void socket.resume().write(tool.slice(0, -5)),
  'asks without an end': (socket) => {
    socket.resume().write(tool);
    pourInto(socket, '{"id":1,"method":"'.padEnd(60_000, 'x'));
  },
  'asks garbage': (socket) => void socket.resume().write(`${tool}nonsense\n`),
  'is a home that sends without an end': (socket) => {
    socket.resume().write(home);
    pourInto(socket, 'x'.repeat(60_000));
  },
  'never reads what it asked for': (socket) => {
    socket.pause().write(tool);
    pourInto(socket, `${JSON.stringify({ id: 1, method: 'map', params: {} })}\n`.repeat(100));
  },
};

const rssKib = (n: number): number => {
  const file = readFileSync(join(cluster.node(n).home, '.moskit', 'mosd.pid'), 'utf8');
  const { pid } = JSON.parse(file) as { readonly pid: number };
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
};

it('whoever speaks badly costs a connection, and the others are served meanwhile', async () => {
  const closed = new Set<string>();
  for (const [name, speak] of Object.entries(bad)) {
    const socket = speakTo(1);
    socket.once('close', () => closed.add(name));
    socket.once('end', () => closed.add(name));
    speak(socket);
  }
  const mosd = await connectMosd({ start: false, env: cluster.node(1).env });
  await pollUntil(async () => {
    await mosd.request('ping', {}, { timeoutMs: 10_000 });
    return closed.size === Object.keys(bad).length;
  }, 60_000).catch(() => undefined);
  expect(Object.keys(bad).filter((name) => !closed.has(name))).toEqual([]);
  mosd.close();
});

it('a thousand channels that nobody uses cost less memory than two idle mosds, and are given up', async () => {
  const open = new Set<Socket>();
  for (let n = 0; n < 1_000; n += 1) {
    const socket = speakTo(1).resume();
    open.add(socket);
    socket.once('end', () => open.delete(socket));
    socket.once('close', () => open.delete(socket));
    if (n % 2 === 0) socket.write(opened({ open: 'bulk', ticket: n.toString(16).padStart(32, '0') }));
  }
  const mosd = await connectMosd({ start: false, env: cluster.node(1).env });
  expect(await mosd.request('ping', {}, { timeoutMs: 20_000 })).toMatchObject({ node: 0 });
  await pollUntil(() => open.size <= 200, 60_000);
  expect(rssKib(1)).toBeLessThan(3 * rssKib(2));
  mosd.close();
});
