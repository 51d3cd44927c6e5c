import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { resolveHost } from '../../src/transport/ssh-config.js';
import type { SshConnection } from '../../src/transport/ssh-connection.js';
import { connectSsh } from '../../src/transport/ssh.js';
import { pollUntil } from '../poll-until.js';
import { execText } from './exec-text.js';
import { noSshd, realSshd, startRealSshd, type RealSshd } from './real-sshd.js';

let cluster: EmbeddedCluster;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  cluster = await startEmbeddedCluster({ nodes: 8 });
  env = { ...process.env, MOSKIT_SSH_CONFIG: cluster.sshConfig };
});
afterAll(() => cluster.stop());

/** An SSH configuration with more lines before the cluster's own. */
async function withLines(name: string, ...lines: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const path = join(cluster.dir, name);
  await writeFile(path, `${lines.join('\n')}\n${await readFile(cluster.sshConfig, 'utf8')}`);
  return { ...env, MOSKIT_SSH_CONFIG: path };
}

async function connect(address: string, environment = env, deadlineMs = 20_000): Promise<SshConnection> {
  return connectSsh(await resolveHost(address, environment), { deadlineMs });
}

/** A unix socket that sends back what it gets. */
async function startEcho(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

/** What a Connection promises, whatever server is at the other end. */
function itKeepsTheContract(connectTo: () => Promise<SshConnection>, folder: () => string): void {
  let connection: SshConnection;
  beforeAll(async () => {
    connection = await connectTo();
  });
  afterAll(() => connection.close());

  it('runs commands, with stdout and stderr apart and the exit status', async () => {
    const result = await execText(connection, 'cat; echo err >&2; exit 7', 'in\n');
    expect(result).toEqual({ stdout: 'in\n', stderr: 'err\n', code: 7, signal: null });
  });

  it('tells a signal from an exit status', async () => {
    expect(await execText(connection, 'kill -TERM $$')).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('learns the status of a command that ends after its output did', async () => {
    const command = 'exec >&- 2>&-; sleep 0.3; exit 9';
    expect(await execText(connection, command)).toMatchObject({ code: 9 });
  });

  it('misses no status, however quickly commands end and however busy this process is', async () => {
    const stall = setInterval(() => {
      const until = performance.now() + 700;
      while (performance.now() < until); // answers pile up meanwhile, and then come all at once
    }, 1);
    const results = await Promise.all(Array.from({ length: 6 }, () => execText(connection, 'exit 7')));
    clearInterval(stall);
    expect(results.map(({ code }) => code)).toEqual(Array(6).fill(7));
  });

  it('keeps the output of a command that ended before it was given its input', async () => {
    const channel = await connection.exec('echo early');
    await channel.ended;
    await pollUntil(() => channel.stdin.writableEnded);
    channel.stdin.write('late');
    channel.stdin.end('later');
    expect(await text(channel.stdout)).toBe('early\n');
  });

  it('carries bytes both ways unchanged', async () => {
    const sent = randomBytes(6 * 1024 * 1024);
    const channel = await connection.exec('cat');
    channel.stdin.end(sent);
    expect((await buffer(channel.stdout)).equals(sent)).toBe(true);
  });

  it('reaches unix sockets', async () => {
    const path = join(folder(), 'echo.sock');
    const server = await startEcho(path);
    const sent = randomBytes(3 * 1024 * 1024);
    const stream = await connection.openUnix(path);
    stream.end(sent);
    expect((await buffer(stream)).equals(sent)).toBe(true);
    server.close();
  });

  it('says that a socket is not to be had, and lives on', async () => {
    await expect(connection.openUnix(join(folder(), 'no.sock'))).rejects.toMatchObject({
      code: 'channel-refused',
    });
    expect(await execText(connection, 'echo on')).toMatchObject({ stdout: 'on\n' });
  });

  it('closes a channel that is destroyed, once', async () => {
    const channel = await connection.exec('cat');
    let closes = 0;
    channel.stdout.on('close', () => (closes += 1));
    channel.close();
    await channel.ended;
    expect(await execText(connection, 'echo on')).toMatchObject({ stdout: 'on\n' });
    expect(closes).toBe(1);
  });
}

describe('an embedded node', () => {
  itKeepsTheContract(
    () => connect('n1'),
    () => cluster.node(1).home,
  );
});

describe.skipIf(noSshd !== null)(realSshd, () => {
  let server: RealSshd;
  beforeAll(async () => {
    server = await startRealSshd('RekeyLimit 1M');
  });
  afterAll(() => server.stop());
  itKeepsTheContract(
    () => server.connect(),
    () => server.dir,
  );

  it('may forbid unix sockets', async () => {
    const strict = await startRealSshd('AllowStreamLocalForwarding no');
    onTestFinished(() => strict.stop());
    const echo = await startEcho(join(strict.dir, 'echo.sock'));
    const connection = await strict.connect();
    await expect(connection.openUnix(join(strict.dir, 'echo.sock'))).rejects.toMatchObject({
      code: 'channel-refused',
    });
    connection.close();
    echo.close();
  });

  it('may drop a connection before it says anything', async () => {
    const full = await startRealSshd('MaxStartups 1:100:1');
    onTestFinished(() => full.stop());
    const silent = await import('node:net').then(({ connect: open }) => open(full.port, '127.0.0.1'));
    await once(silent, 'data');
    await expect(full.connect()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/too many connections|exceeded/i) as string,
    });
    silent.destroy();
  });
});

describe('a connection that breaks', () => {
  it('settles `closed` with the reason, ends its commands, and errors its streams', async () => {
    const node = cluster.node(2);
    const connection = await connect('n2');
    const running = await connection.exec('sleep 30');
    const echo = await startEcho(join(node.home, 'echo.sock'));
    const stream: Duplex = await connection.openUnix(join(node.home, 'echo.sock'));
    const over = finished(stream).then(
      () => 'an ordinary end',
      (error: unknown) => error,
    );
    await node.server.cut();
    expect(await connection.closed).toMatchObject({ problem: 'closed' });
    expect(await running.ended).toEqual({ code: null, signal: null });
    expect(await over).toBeInstanceOf(Error);
    await expect(connection.exec('true')).rejects.toMatchObject({ problem: 'closed' });
    await expect(connection.openUnix('/x')).rejects.toMatchObject({ problem: 'closed' });
    echo.close();
    await node.server.heal();
  });

  it('keeps what had arrived whole before', async () => {
    const node = cluster.node(2);
    const connection = await connect('n2');
    const channel = await connection.exec('echo whole');
    await channel.ended;
    await new Promise((resolve) => setTimeout(resolve, 50)); // lets the channel close, unread
    await node.server.cut();
    await connection.closed;
    expect(await text(channel.stdout)).toBe('whole\n');
    await node.server.heal();
  });

  it('is noticed by keep-alives when nothing at all comes back', async () => {
    const connection = await connect(
      'n3',
      await withLines('alive', 'Host n3', '  ServerAliveInterval 1', 'Host *'),
    );
    cluster.node(3).server.wedge();
    expect(await connection.closed).toMatchObject({
      message: expect.stringContaining('Keepalive') as string,
    });
    cluster.node(3).server.unwedge();
  });

  it('settles with nothing when it was closed here', async () => {
    const connection = await connect('n2');
    connection.close();
    connection.close();
    expect(await connection.closed).toBeUndefined();
  });
});

describe('a host that cannot be reached', () => {
  it('is told from one that does not answer', async () => {
    await cluster.node(4).server.cut();
    await expect(connect('n4')).rejects.toMatchObject({
      problem: 'network',
      message: expect.stringContaining('port') as string,
    });
    await cluster.node(4).server.heal();
    cluster.node(4).server.wedge();
    await expect(connect('n4', env, 600)).rejects.toMatchObject({ problem: 'timeout' });
    cluster.node(4).server.unwedge();
  });

  it('is given up at once when nobody wants it any more', async () => {
    cluster.node(4).server.wedge();
    const giveUp = new AbortController();
    const connecting = connectSsh(await resolveHost('n4', env), {
      deadlineMs: 60_000,
      signal: giveUp.signal,
    });
    await pollUntil(() => cluster.node(4).server.connections() > 0);
    giveUp.abort();
    await expect(connecting).rejects.toThrow();
    await pollUntil(() => cluster.node(4).server.connections() === 0);
    cluster.node(4).server.unwedge();
  });

  it('is not called unreachable for a name that does not exist', async () => {
    await expect(
      connect(
        'no-such-host.invalid',
        await withLines('name', 'Host no-such-host.invalid', '  HostName nobody.invalid', 'Host *'),
      ),
    ).rejects.toMatchObject({ problem: 'network', message: expect.stringContaining('name') as string });
  });

  it('is refused when the configuration allows only what ssh2 cannot do', async () => {
    await expect(
      connect('n1', await withLines('kex', 'KexAlgorithms sntrup761x25519-sha512@openssh.com')),
    ).rejects.toMatchObject({
      problem: 'config',
      message: expect.stringContaining('KexAlgorithms') as string,
    });
  });
});

describe('ProxyJump', () => {
  it('goes through two hosts, and checks the host key of each', async () => {
    const jump = await withLines('jump', 'Host n7', '  ProxyJump n6', 'Host n6', '  ProxyJump n5', 'Host *');
    const connection = await connect('n7', jump);
    expect(await execText(connection, 'echo $HOME')).toMatchObject({ stdout: `${cluster.node(7).home}\n` });
    expect(cluster.node(5).server.connections()).toBe(1);
    connection.close();
    await pollUntil(() => [5, 6, 7].every((n) => cluster.node(n).server.connections() === 0));

    await cluster.node(5).server.changeHostKey();
    await expect(connect('n7', jump)).rejects.toMatchObject({
      problem: 'host-key',
      message: expect.stringContaining('n5 is refused: its host key changed') as string,
    });
  });

  it('shares one connection to the jump host among the hosts behind it', async () => {
    const jump = await withLines('shared', 'Host n1 n2 n3', '  ProxyJump n6', 'Host *');
    const connections = await Promise.all(['n1', 'n2', 'n3'].map((name) => connect(name, jump)));
    expect(cluster.node(6).server.connections()).toBe(1);
    connections[0]!.close();
    expect(await execText(connections[1]!, 'echo on')).toMatchObject({ stdout: 'on\n' });
    for (const connection of connections) connection.close();
    await pollUntil(() => cluster.node(6).server.connections() === 0);
  });

  it('ends with the jump host', async () => {
    const connection = await connect('n7', await withLines('ends', 'Host n7', '  ProxyJump n6', 'Host *'));
    await cluster.node(6).server.cut();
    expect(await connection.closed).toBeInstanceOf(Error);
    await cluster.node(6).server.heal();
  });

  it('says which hop fails', async () => {
    await cluster.node(7).server.cut();
    const jump = await withLines('hop', 'Host n7', '  ProxyJump n6', 'Host *');
    await expect(connect('n7', jump)).rejects.toThrow('n7 cannot be reached through n6');
    await cluster.node(7).server.heal();
    await pollUntil(() => cluster.node(6).server.connections() === 0);
  });
});

describe('ProxyCommand', () => {
  it('carries the connection, with host and port filled in', async () => {
    const proxy = await withLines(
      'proxy',
      'Host n8',
      `  ProxyCommand ssh -F ${cluster.sshConfig} -W %h:%p n6`,
      'Host *',
    );
    const connection = await connect('n8', proxy);
    expect(await execText(connection, 'echo $HOME')).toMatchObject({ stdout: `${cluster.node(8).home}\n` });
    connection.close();
    await pollUntil(() => cluster.node(6).server.connections() === 0);
  });

  it('is quoted when it fails', async () => {
    const proxy = await withLines(
      'failing',
      'Host n8',
      "  ProxyCommand echo 'no way through' >&2; exit 1",
      'Host *',
    );
    await expect(connect('n8', proxy)).rejects.toThrow('no way through');
  });
});
