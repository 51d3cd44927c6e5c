import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { findMarked, markVariable } from '../../fixtures/embedded/reaper.js';
import { resolveHost } from '../../src/transport/ssh-config.js';
import { connectSsh } from '../../src/transport/ssh.js';
import { pollUntil } from '../poll-until.js';

const run = promisify(execFile);

describe('an embedded cluster, through the ssh command', () => {
  let cluster: EmbeddedCluster;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ nodes: 3, env: { EXTRA: 'more' } });
  });
  afterAll(() => cluster.stop());
  const ssh = (name: string, command: string) => run('ssh', ['-F', cluster.sshConfig, name, command]);

  it('gives every node a home folder and an environment of its own', async () => {
    const { stdout } = await ssh('n2', 'pwd; echo $HOME; echo $MOSKIT_DIR; echo $EXTRA; command -v node');
    const { home } = cluster.node(2);
    expect(stdout.split('\n').slice(0, 4)).toEqual([home, home, join(home, '.moskit'), 'more']);
    expect(stdout.split('\n')[4]).toMatch(/^\/.*node$/);
  });

  it('passes the exit status, stderr and signals on', async () => {
    await expect(ssh('n1', 'echo no >&2; exit 42')).rejects.toMatchObject({ code: 42, stderr: 'no\n' });
    await expect(ssh('n1', 'kill -KILL $$')).rejects.toMatchObject({ code: 255 });
  });

  it('lets one node reach another with the environment it gives', async () => {
    const { stdout } = await ssh('n1', 'ssh -F "$MOSKIT_SSH_CONFIG" n3 \'echo $HOME\'');
    expect(stdout).toBe(`${cluster.node(3).home}\n`);
  });

  it('lets nobody in without the key', async () => {
    const key = join(cluster.dir, 'stranger');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const args = ['-F', '/dev/null', '-i', key, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=no'];
    const port = String(cluster.node(1).port);
    const stranger = run('ssh', [
      ...args,
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-p',
      port,
      '127.0.0.1',
      'true',
    ]);
    await expect(stranger).rejects.toMatchObject({
      stderr: expect.stringContaining('Permission denied') as string,
    });
  });

  it('lets a shell without a terminal be used', async () => {
    const shell = spawn('ssh', ['-F', cluster.sshConfig, '-T', 'n1'], { stdio: ['pipe', 'pipe', 'ignore'] });
    shell.stdin.end('echo in $HOME\n');
    let said = '';
    for await (const chunk of shell.stdout as AsyncIterable<Buffer>) said += chunk.toString();
    expect(said).toBe(`in ${cluster.node(1).home}\n`);
  });

  it('forwards to sockets below the home folder and to no others', async () => {
    const env = { ...process.env, MOSKIT_SSH_CONFIG: cluster.sshConfig };
    const connection = await connectSsh(await resolveHost('n1', env), { deadlineMs: 10_000 });
    const serve = async (path: string): Promise<Server> => {
      const server = createServer((socket) => socket.end('reached'));
      server.listen(path);
      await once(server, 'listening');
      return server;
    };
    const own = join(cluster.node(1).home, 'x.sock');
    const other = join(cluster.node(2).home, 'x.sock');
    const servers = await Promise.all([own, other].map(serve));
    expect(await text(await connection.openUnix(own))).toBe('reached');
    for (const path of [other, `${cluster.node(1).home}/../n2/x.sock`]) {
      await expect(connection.openUnix(path)).rejects.toMatchObject({ code: 'channel-refused' });
    }
    for (const server of servers) server.close();
    connection.close();
  });

  it('keeps stdout and stderr whole when one after the other has to wait for a slow reader', async () => {
    const env = { ...process.env, MOSKIT_SSH_CONFIG: cluster.sshConfig };
    const connection = await connectSsh(await resolveHost('n1', env), { deadlineMs: 10_000 });
    const readSlowly = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) {
        if (chunks.push(chunk) % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return Buffer.concat(chunks);
    };
    const numbers = Buffer.from(Array.from({ length: 900_000 }, (_, index) => `${index + 1}\n`).join(''));
    for (let round = 0; round < 5; round += 1) {
      const channel = await connection.exec('seq 1 900000; seq 1 900000 >&2; seq 1 900000');
      const [out, err] = await Promise.all([readSlowly(channel.stdout), readSlowly(channel.stderr)]);
      expect(err.equals(numbers)).toBe(true);
      expect(out.equals(Buffer.concat([numbers, numbers]))).toBe(true);
    }
    connection.close();
  });
});

describe('stop', () => {
  it('ends what the nodes started, daemons and stopped processes too, and leaves no file', async () => {
    const cluster = await startEmbeddedCluster({ nodes: 2 });
    const mark = cluster.node(1).env[markVariable]!;
    const command =
      'setsid sleep 300 >/dev/null 2>&1 & setsid sh -c "kill -STOP \\$\\$; sleep 300" >/dev/null 2>&1 & trap "" TERM; sleep 300';
    const ssh = spawn('ssh', ['-F', cluster.sshConfig, 'n2', command], { stdio: 'ignore' });
    await pollUntil(async () => {
      const states = await Promise.all(
        findMarked(mark).map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
      );
      return states.length >= 4 && states.some((stat) => / T /.test(stat));
    });
    await cluster.stop();
    expect(findMarked(mark)).toEqual([]);
    expect(existsSync(cluster.dir)).toBe(false);
    await pollUntil(() => ssh.exitCode !== null || ssh.signalCode !== null);
  });

  it('is quick to start 50 nodes', async () => {
    const cluster = await startEmbeddedCluster({ nodes: 50 });
    expect(new Set(cluster.nodes.map(({ port }) => port)).size).toBe(50);
    await cluster.stop();
  });
});
