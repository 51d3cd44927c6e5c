import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { dialPeer } from '../../src/cluster/dial.js';
import { explanationOf } from '../../src/errors.js';
import { fromWire, toWire } from '../../src/protocol/rpc.js';
import { repository } from '../commands/run-tool.js';
import { makeKey } from '../transport/real-sshd.js';

let cluster: EmbeddedCluster;
let dir: string;
beforeAll(async () => {
  cluster = await startEmbeddedCluster({ nodes: 1 });
  dir = mkdtempSync(join(tmpdir(), 'explain-'));
});
afterAll(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The cluster's SSH configuration with `lines` before it; the explanation of the failure that comes of it. */
async function explained(address: string, ...lines: readonly string[]): Promise<string> {
  const config = join(dir, 'config');
  const given = readFileSync(cluster.sshConfig, 'utf8');
  const hasKey = lines.some((line) => line.includes('IdentityFile'));
  const rest = hasKey ? given.replace(/^.*IdentityFile .*$/gm, '') : given;
  writeFileSync(config, `${lines.join('\n')}\n${rest}`);
  const error: unknown = await dialPeer({
    address,
    env: { ...process.env, MOSKIT_SSH_CONFIG: config, SSH_AUTH_SOCK: '' },
    deadlineMs: 20_000,
    program: join(repository, 'dist', 'moskit.mjs'),
    as: { home: 1, you: 2, cluster: 'c0ffee00' },
  }).catch((reason: unknown) => reason);
  const heard = fromWire(toWire(error));
  expect(explanationOf(heard)).toEqual(explanationOf(error));
  return explanationOf(heard).join('\n');
}

describe('a node that can not be reached is explained step by step', () => {
  it('a key that is refused: which, in what order, what the server takes, what to try', async () => {
    const key = join(dir, 'stranger');
    makeKey(key);
    const text = await explained('n1', 'Host n1', `  IdentityFile ${key}`, '  IdentitiesOnly yes');
    expect(text).toMatch(
      /^configuration: n1 is \S+@127\.0\.0\.1 port \d+, reached directly \(as ssh -G -F .*config says\)/,
    );
    expect(text).toMatch(/\nknown host keys: .*known_hosts:1/);
    expect(text).toMatch(/\nkeys to log in with: no ssh-agent \(SSH_AUTH_SOCK is not set\); .*stranger/);
    expect(text).toMatch(/\nhost key: SHA256:\S+ is the known one/);
    expect(text).toMatch(/\nlogin with .*stranger: refused by the server, which takes publickey/);
    expect(text).toMatch(/\ntry: ssh-add -l shows the keys/);
  });

  it('a changed host key: what it shows, and where the known one is', async () => {
    const key = join(dir, 'other');
    makeKey(key);
    const known = join(dir, 'known_hosts');
    const { port } = cluster.node(1);
    writeFileSync(known, `[127.0.0.1]:${port} ${readFileSync(`${key}.pub`, 'utf8')}`);
    const text = await explained('n1', 'Host n1', `  UserKnownHostsFile ${known}`);
    expect(text).toMatch(/\nhost key: SHA256:\S+ is refused\n/);
    expect(text).toMatch(/\ntry: ssh-keygen -F HOST/);
  });

  it('a port that nobody listens at', async () => {
    const text = await explained('gone', 'Host gone', '  HostName 127.0.0.1', '  Port 1');
    expect(text).toMatch(/it ended with: gone .*port 1 is closed/);
  });
});
