import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parseInetSockets, parsePeers, parseUnixSockets, type SocketInfo } from './socket-tables.js';
import { isInside, reason, type Finding, type Setting } from './finding.js';
import type { Task } from './task.js';

const run = promisify(execFile);
const inetTables = [
  'tcp',
  'tcp6',
  'udp',
  'udp6',
  'udplite',
  'udplite6',
  'raw',
  'raw6',
  'icmp',
  'icmp6',
] as const;
const maxTableBytes = 64 * 1024 * 1024;

/** Looks at sockets only where there are any: the tables of a busy machine are long. */
export async function judgeSockets(tasks: readonly Task[], setting: Setting): Promise<readonly Finding[]> {
  const owners = new Map<number, Task>();
  for (const task of tasks) {
    for (const { target } of task.descriptors) {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) owners.set(Number(inode), task);
    }
  }
  const first = tasks[0];
  if (owners.size === 0 || !first) return [];
  const [table, peers] = await Promise.all([readTables(first.pid), readPeers()]);
  return [...owners].flatMap(([inode, task]) =>
    judge(task, inode, table.get(inode), { owners, peers, table, setting }),
  );
}

interface Surroundings {
  readonly owners: ReadonlyMap<number, Task>;
  readonly peers: ReadonlyMap<number, number>;
  readonly table: ReadonlyMap<number, SocketInfo>;
  readonly setting: Setting;
}

function judge(
  task: Task,
  inode: number,
  socket: SocketInfo | undefined,
  { owners, peers, table, setting }: Surroundings,
): readonly Finding[] {
  if (socket === undefined || socket.kind === 'netlink') return [];
  if (socket.kind === 'packet') return [reason(`${task.name} listens to network packets`)];
  if (socket.kind === 'inet') return [reason(`${task.name} ${inetText(socket)}`)];
  const peer = peers.get(inode) ?? 0;
  if (peer !== 0 && !owners.has(peer)) {
    const other = table.get(peer);
    const name = other?.kind === 'unix' && other.path ? other.path : 'another process of this machine';
    return [reason(`${task.name} is connected to ${name} through a unix socket`)];
  }
  if (socket.path.startsWith('/') && !isInside(socket.path, setting)) {
    return [reason(`${task.name} has the unix socket ${socket.path}, which is outside of the job's folders`)];
  }
  return [];
}

function inetText({ protocol, local, remote, state }: Extract<SocketInfo, { kind: 'inet' }>): string {
  if (state === 'listening') return `listens on ${protocol} ${local}`;
  if (state === 'connected') return `has a network connection (${protocol} ${local} to ${remote})`;
  return `has a network socket (${protocol} ${local})`;
}

/** All processes of the job share the network namespace, so the tables of one of them are those of all. */
async function readTables(pid: number): Promise<ReadonlyMap<number, SocketInfo>> {
  const read = (name: string): Promise<string> =>
    readFile(`/proc/${pid}/net/${name}`, 'latin1').catch(() => '');
  const inet = await Promise.all(inetTables.map(async (name) => parseInetSockets(name, await read(name))));
  const [unix, packet, netlink] = await Promise.all([read('unix'), read('packet'), read('netlink')]);
  return new Map([
    ...inet.flat(),
    ...parseUnixSockets(unix),
    ...lastColumns(packet, 'packet'),
    ...lastColumns(netlink, 'netlink'),
  ]);
}

function lastColumns(text: string, kind: 'packet' | 'netlink'): readonly (readonly [number, SocketInfo])[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => [Number(line.trim().split(/\s+/).at(-1)), { kind }] as const)
    .filter(([inode]) => inode > 0);
}

/** /proc does not tell who is at the other end of a unix socket; ss(8) does. Without it CRIU finds out itself, later. */
async function readPeers(): Promise<ReadonlyMap<number, number>> {
  try {
    const { stdout } = await run('ss', ['-xaHn'], { maxBuffer: maxTableBytes, encoding: 'latin1' });
    return parsePeers(stdout);
  } catch {
    return new Map();
  }
}
