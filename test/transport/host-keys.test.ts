import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SshError } from '../../src/transport/ssh-error.js';
import { execText } from './exec-text.js';
import { makeKey, noSshd, realSshd, startRealSshd, type RealSshd } from './real-sshd.js';

describe.skipIf(noSshd !== null)(`host keys, against ${realSshd}`, () => {
  let server: RealSshd;
  let name: string;
  let ed25519: string;
  let rsa: string;
  let stranger: string;

  beforeAll(async () => {
    server = await startRealSshd();
    name = `[127.0.0.1]:${server.port}`;
    [ed25519, rsa] = await Promise.all([server.hostKey('ed25519'), server.hostKey('rsa')]);
    makeKey(join(server.dir, 'stranger'));
    stranger = (await readFile(join(server.dir, 'stranger.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  });
  afterAll(() => server.stop());
  beforeEach(() => server.know(`${name} ${ed25519}`));

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

  async function connects(...configuration: readonly string[]): Promise<void> {
    const connection = await server.connect(...configuration);
    expect(await execText(connection, 'echo yes')).toMatchObject({ stdout: 'yes\n' });
    connection.close();
  }

  /** Runs the line that a hint ends with, as a person would. */
  function follow(error: SshError): void {
    const line = error.hint?.slice(error.hint.indexOf(': ') + 2) ?? '';
    execFileSync('/bin/sh', ['-c', line], { stdio: 'ignore' });
  }

  it('lets a known host through', () => connects());

  it('refuses an unknown host, with its fingerprint and the line that makes it known', async () => {
    await server.know();
    const error = await refusal();
    const fingerprint = execFileSync('ssh-keygen', ['-lf', join(server.dir, 'host_ed25519.pub')])
      .toString()
      .split(' ')[1]!;
    expect(error.message).toContain(`its host key (ED25519 ${fingerprint}) is unknown`);
    expect(error.hint).toContain(`compare ${fingerprint}`);
    expect(error.hint).toContain(`ssh-keyscan -p ${server.port} 127.0.0.1 >> ${server.knownHosts}`);
    follow(error);
    await connects();
  });

  it('refuses a changed key, with the line that forgets the old one', async () => {
    await server.know(`other.example ${stranger}`, `${name} ${stranger}`);
    const error = await refusal();
    expect(error.message).toContain('its host key changed');
    expect(error.message).toContain('Somebody may be listening in');
    expect(error.message).toContain(`${server.knownHosts}:2`);
    expect(error.hint).toContain(`ssh-keygen -R '${name}' -f ${server.knownHosts}`);
    follow(error);
    await connects();
    expect(await readFile(server.knownHosts, 'utf8')).toContain('other.example');
  });

  it('refuses a revoked key, even one that is also known, and offers no way round', async () => {
    await server.know(`${name} ${ed25519}`, `@revoked * ${ed25519}`);
    const error = await refusal();
    expect(error.message).toContain(`is revoked in ${server.knownHosts}:2`);
    expect(error.hint).not.toContain('ssh-key');
  });

  it('is strict whatever StrictHostKeyChecking says', async () => {
    await server.know();
    expect((await refusal('StrictHostKeyChecking no')).message).toContain('is unknown');
    await server.know(`${name} ${stranger}`);
    expect((await refusal('StrictHostKeyChecking off')).message).toContain('changed');
  });

  it('finds hashed names', async () => {
    execFileSync('ssh-keygen', ['-H', '-f', server.knownHosts], { stdio: 'ignore' });
    expect(await readFile(server.knownHosts, 'utf8')).toMatch(/^\|1\|/);
    await connects();
  });

  it('asks for the key type that is known: a known rsa key is not a changed one', async () => {
    await server.know(`${name} ${rsa}`);
    await connects();
  });

  it('says so when only a key type is known that the host does not show any more', async () => {
    await server.know(`${name} ${rsa}`);
    const error = await refusal('HostKeyAlgorithms ssh-ed25519');
    expect(error.message).toContain('it shows the host key ED25519 SHA256:');
    expect(error.message).toContain('only its RSA key is known');
  });

  it('takes a key known for the name without its port, as ssh does', async () => {
    await server.know(`127.0.0.1 ${ed25519}`);
    await connects();
  });

  it('looks under the HostKeyAlias', async () => {
    await server.know(`alias ${ed25519}`);
    await connects('HostKeyAlias alias');
    const error = await refusal('HostKeyAlias another');
    follow(error);
    await connects('HostKeyAlias another');
  });

  it('reads the global file too', async () => {
    await server.know();
    execFileSync('/bin/sh', ['-c', `echo '${name} ${ed25519}' > ${server.dir}/global`]);
    await connects(`GlobalKnownHostsFile ${server.dir}/global`);
  });

  it('refuses when there is no file to know anything from', async () => {
    expect((await refusal('UserKnownHostsFile /dev/null')).hint).toContain('.ssh/known_hosts');
  });
});
