import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFurther } from '../../src/transport/further-connections.js';
import type { SshConnection } from '../../src/transport/ssh-connection.js';
import type { Connection } from '../../src/transport/transport.js';
import { pollUntil } from '../poll-until.js';
import { execText } from './exec-text.js';
import { noSshd, realSshd, startRealSshd, type RealSshd } from './real-sshd.js';

describe.skipIf(noSshd !== null)(`more commands than MaxSessions, at ${realSshd}`, () => {
  let server: RealSshd;
  const further: SshConnection[] = [];
  const closed = new Set<Connection>();

  beforeAll(async () => {
    server = await startRealSshd('MaxSessions 3');
  });
  afterAll(() => server.stop());

  const connect = async (): Promise<SshConnection> => {
    const connection = await server.connect();
    void connection.closed.then(() => closed.add(connection));
    return connection;
  };
  async function wide(): Promise<Connection> {
    further.length = 0;
    const more = async (): Promise<SshConnection> => {
      const connection = await connect();
      further.push(connection);
      return connection;
    };
    return withFurther(await connect(), more);
  }

  it('run all at once, over no more connections than they need, which are closed after them', async () => {
    const connection = await wide();
    const channels = await Promise.all(Array.from({ length: 11 }, () => connection.exec('cat')));
    expect(further.length).toBeGreaterThanOrEqual(3);
    expect(further.length).toBeLessThanOrEqual(4);
    expect(closed.size).toBe(0);
    for (const channel of channels) channel.stdin.end();
    await Promise.all(channels.map(({ ended }) => ended));
    await pollUntil(() => further.every((each) => closed.has(each)));
    expect(await execText(connection, 'echo on')).toMatchObject({ stdout: 'on\n' });
    connection.close();
  });

  it('end with the connection', async () => {
    const connection = await wide();
    const channels = await Promise.all(Array.from({ length: 5 }, () => connection.exec('cat')));
    connection.close();
    await Promise.all(channels.map(({ ended }) => ended));
    await pollUntil(() => further.every((each) => closed.has(each)));
    await expect(connection.exec('true')).rejects.toMatchObject({ problem: 'closed' });
  });
});

describe.skipIf(noSshd !== null)(`no commands at all, at ${realSshd}`, () => {
  it('are refused after one further connection', async () => {
    const server = await startRealSshd('MaxSessions 0');
    let further = 0;
    const connection = withFurther(await server.connect(), () => {
      further += 1;
      return server.connect();
    });
    await expect(connection.exec('true')).rejects.toMatchObject({ code: 'channel-refused' });
    expect(further).toBe(1);
    connection.close();
    await server.stop();
  });
});
