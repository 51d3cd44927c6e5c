import { execFileSync } from 'node:child_process';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshError } from '../../src/transport/ssh-error.js';
import { connectSsh } from '../../src/transport/ssh.js';
import { resolveHost } from '../../src/transport/ssh-config.js';
import { execText } from './exec-text.js';
import { makeKey, noSshd, realSshd, startAgent, startRealSshd, type RealSshd } from './real-sshd.js';

describe.skipIf(noSshd !== null)(`keys, against ${realSshd}`, () => {
  let server: RealSshd;
  let dir: string;
  const strangers: string[] = [];
  const agents: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    server = await startRealSshd('MaxAuthTries 3');
    ({ dir } = server);
    for (let n = 0; n < 4; n += 1) {
      strangers.push(join(dir, `stranger${n}`));
      makeKey(strangers[n]!);
    }
    await copyFile(server.identity, join(dir, 'encrypted'));
    await chmod(join(dir, 'encrypted'), 0o600);
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret words', '-f', join(dir, 'encrypted')]);
  });
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await server.stop();
  });

  /** Lines given first win in an SSH configuration, but IdentityFile lines add up: `own` replaces them all. */
  async function connect(own: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const base = await server.env();
    const config = join(dir, 'own_config');
    const lines = [
      ...own,
      'HostName 127.0.0.1',
      `Port ${server.port}`,
      `UserKnownHostsFile ${server.knownHosts}`,
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const host = await resolveHost('real', { ...base, MOSKIT_SSH_CONFIG: config, ...env });
    const connection = await connectSsh(host, { deadlineMs: 20_000 });
    const { stdout } = await execText(connection, 'echo in');
    connection.close();
    return stdout.trim();
  }

  async function refusal(own: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<SshError> {
    const error: unknown = await connect(own, env).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ problem: 'auth', code: 'unreachable' });
    return error as SshError;
  }

  async function agentWith(...keys: readonly string[]): Promise<string> {
    const agent = await startAgent(dir, keys);
    agents.push(agent);
    return agent.socket;
  }

  it('reads the key of an IdentityFile', async () => {
    expect(await connect([`IdentityFile ${server.identity}`, 'IdentityAgent none'])).toBe('in');
  });

  it('skips an IdentityFile that is not there', async () => {
    const own = [`IdentityFile ${dir}/missing`, `IdentityFile ${server.identity}`, 'IdentityAgent none'];
    expect(await connect(own)).toBe('in');
  });

  it('names an encrypted key that is not in the agent, and ssh-add', async () => {
    const error = await refusal([`IdentityFile ${dir}/encrypted`, 'IdentityAgent none']);
    expect(error.message).toContain(`${dir}/encrypted is encrypted and not in the agent`);
    expect(error.hint).toContain(`ssh-add ${dir}/encrypted`);
  });

  it('uses an encrypted key through the agent that holds it', async () => {
    const SSH_AUTH_SOCK = await agentWith(server.identity);
    expect(await connect([`IdentityFile ${dir}/encrypted`, 'IdentitiesOnly yes'], { SSH_AUTH_SOCK })).toBe(
      'in',
    );
  });

  it('uses other keys of the agent, but not with IdentitiesOnly', async () => {
    const SSH_AUTH_SOCK = await agentWith(server.identity);
    expect(await connect([`IdentityFile ${dir}/missing`], { SSH_AUTH_SOCK })).toBe('in');
    const error = await refusal([`IdentityFile ${dir}/missing`, 'IdentitiesOnly yes'], { SSH_AUTH_SOCK });
    expect(error.message).toContain('there is no key to log in with');
  });

  it('offers the agent keys that the configuration names first: a server counts the tries', async () => {
    const SSH_AUTH_SOCK = await agentWith(...strangers, server.identity);
    expect(await connect([`IdentityFile ${server.identity}.pub`], { SSH_AUTH_SOCK })).toBe('in');
    const error = await refusal([`IdentityFile ${dir}/missing`], { SSH_AUTH_SOCK });
    expect(error.message).toContain('took none of the keys: SHA256:');
  });

  it('asks the agent of IdentityAgent, and none at all with `none`', async () => {
    const socket = await agentWith(server.identity);
    const SSH_AUTH_SOCK = join(dir, 'nobody.sock');
    expect(await connect([`IdentityFile ${dir}/missing`, `IdentityAgent ${socket}`], { SSH_AUTH_SOCK })).toBe(
      'in',
    );
    await refusal([`IdentityFile ${dir}/missing`, 'IdentityAgent none'], { SSH_AUTH_SOCK: socket });
  });

  it('goes on without an agent that cannot be asked, and says so if nothing else worked', async () => {
    const SSH_AUTH_SOCK = join(dir, 'nobody.sock');
    expect(await connect([`IdentityFile ${server.identity}`], { SSH_AUTH_SOCK })).toBe('in');
    const error = await refusal([`IdentityFile ${strangers[0]!}`], { SSH_AUTH_SOCK });
    expect(error.message).toContain(`the agent at ${SSH_AUTH_SOCK} cannot be asked`);
    expect(error.message).toContain(`took none of the keys: ${strangers[0]!}`);
    expect(error.hint).toContain('ssh-copy-id');
  });

  it('refuses a key that others may read, as ssh does', async () => {
    await copyFile(server.identity, join(dir, 'open'));
    await chmod(join(dir, 'open'), 0o644);
    const error = await refusal([`IdentityFile ${dir}/open`, 'IdentityAgent none']);
    expect(error.message).toContain('others may read it (mode 0644)');
  });

  it('logs in with an rsa key', async () => {
    makeKey(join(dir, 'rsa'), 'rsa');
    execFileSync('/bin/sh', ['-c', `cat ${dir}/rsa.pub >> ${dir}/authorized_keys`]);
    expect(await connect([`IdentityFile ${dir}/rsa`, 'IdentityAgent none'])).toBe('in');
    const SSH_AUTH_SOCK = await agentWith(join(dir, 'rsa'));
    expect(await connect([`IdentityFile ${dir}/missing`], { SSH_AUTH_SOCK })).toBe('in');
  });
});
