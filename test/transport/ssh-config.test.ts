import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseJump, parseSshSettings } from '../../src/transport/ssh-config-parse.js';
import { resolveHost } from '../../src/transport/ssh-config.js';

describe('parseSshSettings', () => {
  const settings = parseSshSettings(`user me
hostname 10.0.0.7
port 2222
addressfamily inet6
identitiesonly yes
proxycommand none
identityfile ~/.ssh/with space
identityfile ~/.ssh/id_ed25519
userknownhostsfile /home/me/.ssh/known hosts /home/me/two
globalknownhostsfile none
connecttimeout 7
serveraliveinterval 0
ciphers aes128-ctr,chacha20-poly1305@openssh.com
`);

  it('reads values, lists and repeated keywords', () => {
    expect(settings).toMatchObject({
      user: 'me',
      hostName: '10.0.0.7',
      port: 2222,
      family: 6,
      identitiesOnly: true,
    });
    expect(settings.identityFiles).toEqual(['~/.ssh/with space', '~/.ssh/id_ed25519']);
    expect(settings.ciphers).toEqual(['aes128-ctr', 'chacha20-poly1305@openssh.com']);
  });

  it('takes `none` for nothing, 0 seconds for not set', () => {
    expect(settings).toMatchObject({ proxyCommand: null, globalKnownHostsFiles: [], keepAliveMs: null });
    expect(settings.connectTimeoutMs).toBe(7000);
  });

  it('puts paths with blanks together again', () => {
    expect(settings.userKnownHostsFiles).toEqual(['/home/me/.ssh/known hosts', '/home/me/two']);
  });
});

describe('parseJump', () => {
  const cases: readonly [string, unknown][] = [
    ['hop', { host: 'hop', user: null, port: null, before: null }],
    ['me@hop:23', { host: 'hop', user: 'me', port: 23, before: null }],
    ['a,me@b:24,c', { host: 'c', user: null, port: null, before: 'a,me@b:24' }],
    ['[fe80::1]:25', { host: 'fe80::1', user: null, port: 25, before: null }],
    ['ssh://me@hop:26', { host: 'hop', user: 'me', port: 26, before: null }],
    ['', null],
    ['a:b:c', null],
  ];
  it.each(cases)('%s', (spec, expected) => expect(parseJump(spec)).toEqual(expected));
});

describe('resolveHost', () => {
  let dir: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mosk-config-'));
    const config = join(dir, 'config');
    await writeFile(
      config,
      `Host far
  HostName far.example
  ProxyJump middle
Host middle
  HostName middle.example
  User mid
  ProxyJump me@near:2022
Host round
  ProxyJump trip
Host trip
  ProxyJump round
Host by-command
  ProxyCommand nc %h %p
Host odd-name
  HostName a;b
Host odd-user
  User $(x)
Host no-agent
  IdentityAgent none
Host keys
  IdentityFile ~/.ssh/%h_%r
  IdentityAgent $OWN_AGENT
  UserKnownHostsFile ${dir}/known_%h
  User you
`,
    );
    env = { ...process.env, MOSKIT_SSH_CONFIG: config, OWN_AGENT: '/run/own', SSH_AUTH_SOCK: '/run/usual' };
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('gives what no configuration mentions as ssh would', async () => {
    expect(await resolveHost('some.example', env)).toMatchObject({
      address: 'some.example',
      hostName: 'some.example',
      port: 22,
      user: userInfo().username,
      via: { kind: 'direct' },
      agentSocket: '/run/usual',
    });
  });

  it('follows ProxyJump from host to host', async () => {
    expect(await resolveHost('far', env)).toMatchObject({
      hostName: 'far.example',
      via: {
        kind: 'jump',
        host: {
          hostName: 'middle.example',
          user: 'mid',
          via: {
            kind: 'jump',
            host: { hostName: 'near', user: 'me', port: 2022, via: { kind: 'direct' } },
          },
        },
      },
    });
  });

  it('ends a ProxyJump that goes round in circles', async () => {
    await expect(resolveHost('round', env)).rejects.toThrow('more than 8 hosts');
  });

  it('expands paths and the agent', async () => {
    expect(await resolveHost('keys', env)).toMatchObject({
      identityFiles: [join(userInfo().homedir, '.ssh', 'keys_you')],
      agentSocket: '/run/own',
      userKnownHostsFiles: [join(dir, 'known_keys')],
    });
    expect(await resolveHost('no-agent', env)).toMatchObject({ agentSocket: null });
    expect(await resolveHost('by-command', env)).toMatchObject({
      via: { kind: 'command', command: 'nc %h %p' },
    });
  });

  it.each(['-oProxyCommand=touch x', '', 'a b', 'a\nb', 'x'.repeat(400)])(
    'gives ssh no address such as %j',
    async (address) => {
      await expect(resolveHost(address, env)).rejects.toMatchObject({ problem: 'config' });
    },
  );

  it.each(['a;b', '$(touch x)', 'a`b`', "a'b", 'odd-name', 'odd-user'])(
    'refuses names that a shell could misread: %s',
    async (name) => {
      await expect(resolveHost(name, env)).rejects.toMatchObject({ problem: 'config' });
    },
  );

  it('says what is wrong with a configuration', async () => {
    await writeFile(join(dir, 'bad'), 'Host *\n  NoSuchKeyword yes\n');
    await expect(resolveHost('a', { ...env, MOSKIT_SSH_CONFIG: join(dir, 'bad') })).rejects.toThrow(
      /cannot read its configuration for a: .*nosuchkeyword/i,
    );
  });

  it('says that ssh is missing', async () => {
    await expect(resolveHost('a', { ...env, PATH: dir })).rejects.toMatchObject({
      problem: 'config',
      message: expect.stringContaining('there is no ssh here') as string,
      hint: expect.stringContaining('install the OpenSSH client') as string,
    });
  });
});
