import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { resolveHost } from '../../src/transport/ssh-config.js';
import { connectSsh } from '../../src/transport/ssh.js';
import type { SshConnection } from '../../src/transport/ssh-connection.js';
import { pollUntil } from '../poll-until.js';

const sshd = '/usr/sbin/sshd';
/** Why a real sshd cannot be started here, or null. */
export const noSshd = ((): string | null => {
  if (!existsSync(sshd)) return 'there is no sshd on this machine';
  return process.getuid?.() === 0 ? null : 'starting an sshd needs root';
})();
/** For titles: says why it was skipped. */
export const realSshd = `a real sshd${noSshd === null ? '' : ` (skipped: ${noSshd})`}`;

type KeyType = 'ed25519' | 'rsa';

export interface RealSshd {
  readonly dir: string;
  readonly port: number;
  readonly pid: number;
  readonly identity: string;
  readonly knownHosts: string;
  /** `ssh-ed25519 AAAA…` of a host key. */
  hostKey(type: KeyType): Promise<string>;
  /** Makes these lines the known_hosts file. */
  know(...lines: readonly string[]): Promise<void>;
  /** Connects with more lines of client configuration. */
  connect(...configuration: readonly string[]): Promise<SshConnection>;
  env(...configuration: readonly string[]): Promise<NodeJS.ProcessEnv>;
  stop(): Promise<void>;
}

/** An OpenSSH server on 127.0.0.1 with its own keys, for the user who runs the tests. $DIR in a line is its folder. */
export async function startRealSshd(...configuration: readonly string[]): Promise<RealSshd> {
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const dir = await mkdtemp(join(tmpdir(), 'mosk-sshd-'));
  const identity = join(dir, 'id');
  makeKey(identity);
  for (const type of ['ed25519', 'rsa'] as const) makeKey(join(dir, `host_${type}`), type);
  await copyFile(`${identity}.pub`, join(dir, 'authorized_keys'));
  const port = await freePort();
  const lines = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${dir}/host_ed25519`,
    `HostKey ${dir}/host_rsa`,
    `AuthorizedKeysFile ${dir}/authorized_keys`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 100',
    ...configuration.map((line) => line.replaceAll('$DIR', dir)),
  ];
  await writeFile(join(dir, 'sshd_config'), `${lines.join('\n')}\n`);
  const child = spawn(sshd, ['-D', '-f', join(dir, 'sshd_config'), '-E', join(dir, 'log')], {
    stdio: 'ignore',
  });
  await pollUntil(async () =>
    (await readFile(join(dir, 'log'), 'utf8').catch(() => '')).includes('listening'),
  );

  const knownHosts = join(dir, 'known_hosts');
  const hostKey = async (type: KeyType): Promise<string> =>
    (await readFile(join(dir, `host_${type}.pub`), 'utf8')).split(' ').slice(0, 2).join(' ');
  const env = async (...more: readonly string[]): Promise<NodeJS.ProcessEnv> => {
    const config = join(dir, 'ssh_config');
    const own = [
      'HostName 127.0.0.1',
      `Port ${port}`,
      `User ${userInfo().username}`,
      `IdentityFile ${identity}`,
      'IdentityAgent none',
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${knownHosts}`,
      'GlobalKnownHostsFile /dev/null',
    ];
    await writeFile(config, `${[...more, ...own].join('\n')}\n`);
    return { ...process.env, MOSKIT_SSH_CONFIG: config };
  };
  const know = (...known: readonly string[]): Promise<void> =>
    writeFile(knownHosts, known.map((line) => `${line}\n`).join(''));
  await know(`[127.0.0.1]:${port} ${await hostKey('ed25519')}`);
  return {
    dir,
    port,
    pid: child.pid ?? 0,
    identity,
    knownHosts,
    hostKey,
    know,
    env,
    connect: async (...more) =>
      connectSsh(await resolveHost('real', await env(...more)), { deadlineMs: 30_000 }),
    stop: async () => {
      await end(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function makeKey(file: string, type: KeyType = 'ed25519', passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'a test key', '-f', file]);
}

/** An ssh-agent of its own, holding `keys`. */
export async function startAgent(
  dir: string,
  keys: readonly string[],
): Promise<{ readonly socket: string; stop(): Promise<void> }> {
  const socket = join(dir, `agent-${keys.length}-${Date.now() % 100_000}.sock`);
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await pollUntil(() => existsSync(socket));
  for (const key of keys) {
    execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
  }
  return { socket, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
