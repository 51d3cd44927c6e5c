import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { connectLocal } from '../../src/transport/local.js';
import { execText } from './exec-text.js';

describe('a connection to this machine itself', () => {
  const env = { ...process.env, SHELL: '/bin/sh' };

  it('runs commands', async () => {
    const connection = connectLocal(env);
    const result = await execText(connection, 'cat; echo err >&2; exit 3', 'in');
    expect(result).toEqual({ stdout: 'in', stderr: 'err\n', code: 3, signal: null });
    connection.close();
    expect(await connection.closed).toBeUndefined();
    await expect(connection.exec('true')).rejects.toMatchObject({ problem: 'closed' });
  });

  it('reaches unix sockets, or says that it cannot', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mosk-local-'));
    const server = createServer((socket) => socket.end('hello'));
    server.listen(join(dir, 's'));
    await once(server, 'listening');
    const connection = connectLocal(env);
    expect(await text(await connection.openUnix(join(dir, 's')))).toBe('hello');
    await expect(connection.openUnix(join(dir, 'no'))).rejects.toMatchObject({ code: 'channel-refused' });
    connection.close();
    server.close();
    await rm(dir, { recursive: true });
  });

  it('closes the pipes of its commands when it is closed', async () => {
    const connection = connectLocal(env);
    const channel = await connection.exec('cat');
    connection.close();
    expect(await channel.ended).toMatchObject({ code: 0 });
  });
});
