import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dialPeer } from '../../src/cluster/dial.js';
import { Rpc } from '../../src/protocol/rpc.js';
import type { SshError } from '../../src/transport/ssh-error.js';
import { pollUntil } from '../poll-until.js';
import { execText } from './exec-text.js';
import { makeKey, noSshd, realSshd, startRealSshd, type RealSshd } from './real-sshd.js';

const standIn = new URL('../cluster/stand-in.mjs', import.meta.url).pathname;

describe.skipIf(noSshd !== null)(`a host whose authority is known, at ${realSshd}`, () => {
  let server: RealSshd;
  let authority: string;

  beforeAll(async () => {
    server = await startRealSshd(
      'HostCertificate $DIR/cert.pub',
      'MaxSessions 3',
      'SetEnv XDG_DATA_HOME=$DIR/data MOSKIT_DIR=$DIR/state',
    );
    for (const name of ['authority', 'stranger']) makeKey(join(server.dir, name));
    authority = await publicKey('authority');
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await sign('authority');
    await server.know(`@cert-authority [127.0.0.1]:* ${authority}`);
  });

  const publicKey = async (name: string): Promise<string> =>
    (await readFile(join(server.dir, `${name}.pub`), 'utf8')).split(' ').slice(0, 2).join(' ');

  /** Gives the server a certificate; it reads it anew for each connection. */
  async function sign(by: string, ...more: readonly string[]): Promise<void> {
    const key = join(server.dir, 'host_ed25519.pub');
    const names = more.length > 0 ? more : ['-n', '127.0.0.1'];
    const args = ['-q', '-s', join(server.dir, by), '-I', 'host', '-h', ...names, key];
    await rm(join(server.dir, 'host_ed25519-cert.pub'), { force: true });
    execFileSync('ssh-keygen', args);
    await writeFile(join(server.dir, 'cert.pub'), await readFile(join(server.dir, 'host_ed25519-cert.pub')));
  }

  async function refusal(...configuration: readonly string[]): Promise<SshError> {
    const error: unknown = await server.connect(...configuration).then(
      (connection) => {
        connection.close();
        return new Error('it connected');
      },
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ problem: 'host-key', code: 'unreachable' });
    return error as SshError;
  }

  /** Processes of ssh that serve this server. */
  async function helpers(): Promise<readonly { readonly pid: number; readonly line: string }[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const all = await Promise.all(
      pids.map(async (pid) => {
        const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
        return { pid: Number(pid), line };
      }),
    );
    return all.filter(({ line }) => line.includes('moskit-ssh-') && line.includes(`\0${server.port}\0`));
  }

  it('is reached by the certificate it shows', async () => {
    const connection = await server.connect();
    expect(await execText(connection, 'cat; echo err >&2; exit 7', 'in\n')).toMatchObject({
      stdout: 'in\n',
      stderr: 'err\n',
      code: 7,
    });
    const sent = randomBytes(3 * 1024 * 1024);
    const channel = await connection.exec('cat');
    channel.stdin.end(sent);
    expect((await buffer(channel.stdout)).equals(sent)).toBe(true);
    connection.close();
    expect(await connection.closed).toBeUndefined();
    await pollUntil(async () => (await helpers()).length === 0);
  });

  it.each([
    ['without one', () => rm(join(server.dir, 'cert.pub'))],
    ['with one of another authority', () => sign('stranger')],
    ['with one for another name', () => sign('authority', '-n', 'other.example')],
    ['with one that is over', () => sign('authority', '-n', '127.0.0.1', '-V', '20200101:20200102')],
    [
      'whose authority is revoked',
      () => server.know(`@cert-authority [127.0.0.1]:* ${authority}`, `@revoked * ${authority}`),
    ],
    [
      'whose key is revoked',
      async () =>
        server.know(
          `@cert-authority [127.0.0.1]:* ${authority}`,
          `@revoked * ${await server.hostKey('ed25519')}`,
        ),
    ],
  ])('is refused %s, whatever StrictHostKeyChecking says', async (_, change) => {
    await change();
    expect((await refusal()).hint).toContain('names an authority');
    await refusal('StrictHostKeyChecking no');
  });

  it('opens as many commands as are wanted, however few sessions a connection may have', async () => {
    const connection = await server.connect();
    const channels = await Promise.all(Array.from({ length: 7 }, () => connection.exec('cat')));
    const texts = channels.map((channel, n) => {
      channel.stdin.end(`${n}`);
      return buffer(channel.stdout);
    });
    expect((await Promise.all(texts)).map(String)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    connection.close();
  });

  it('is held to the same through a jump host, which must be known too', async () => {
    const hop = [
      'Host hop',
      `Port ${server.port}`,
      'StrictHostKeyChecking no',
      'Host real',
      'ProxyJump hop',
      'Host *',
    ];
    const known = `@cert-authority [127.0.0.1]:* ${authority}`;
    const through = await server.connect(...hop);
    expect(await execText(through, 'echo through')).toMatchObject({ stdout: 'through\n' });
    through.close();
    await server.know(known.replace('[127.0.0.1]', '[other]').replace(':*', ':1'));
    await refusal(...hop);
  });

  it('runs a mosd that is spoken to', async () => {
    await mkdir(join(server.dir, 'state'));
    const dialled = await dialPeer({
      address: 'real',
      env: await server.env(),
      deadlineMs: 30_000,
      program: standIn,
      as: { home: 1, you: 2, cluster: 'test' },
    });
    if (dialled.kind !== 'link') throw new Error(dialled.reason);
    const { link } = dialled;
    const rpc = new Rpc(link.rpc, { peerName: 'the node' });
    expect(await rpc.request('ping', {}, { timeoutMs: 10_000 })).toMatchObject({ method: 'ping' });
    const channel = await link.openChannel({ open: 'bulk', ticket: 'x' });
    channel.end('through a bridge');
    expect((await buffer(channel)).toString()).toBe('through a bridge');
    await rpc.request('exit', {}, { timeoutMs: 10_000 }).catch(() => undefined);
    link.close();
    await pollUntil(async () => (await helpers()).length === 0);
  });

  /** The ssh that holds a connection. */
  const isMaster = (line: string): boolean => line.startsWith('ssh\0') && line.includes('\0-M\0');

  it('tells when it is lost', async () => {
    const connection = await server.connect();
    const master = (await helpers()).find(({ line }) => isMaster(line))!;
    process.kill(master.pid, 'SIGKILL');
    expect(await connection.closed).toMatchObject({ problem: 'closed' });
    await expect(connection.exec('true')).rejects.toMatchObject({ problem: 'closed' });
    await pollUntil(async () => (await helpers()).length === 0);
  });

  it('is left by a process that is killed', async () => {
    const contents = `
      import { resolveHost } from './src/transport/ssh-config.js';
      import { connectSsh } from './src/transport/ssh.js';
      await connectSsh(await resolveHost('real', process.env), { deadlineMs: 30_000 });
      setInterval(() => undefined, 1000);`;
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: join(import.meta.dirname, '../..') },
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      write: false,
    });
    await writeFile(join(server.dir, 'holder.mjs'), outputFiles[0]!.text);
    const holder = spawn(process.execPath, [join(server.dir, 'holder.mjs')], {
      env: await server.env(),
      stdio: 'ignore',
    });
    await pollUntil(async () => (await helpers()).some(({ line }) => isMaster(line)));
    const [, folder] = /ControlPath=([^\0]+)\/s\0/.exec((await helpers())[0]!.line)!;
    holder.kill('SIGKILL');
    await pollUntil(async () => (await helpers()).length === 0 && !existsSync(folder!));
  });
});
