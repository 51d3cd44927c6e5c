import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { buffer, text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../fixtures/embedded/cluster.js';
import { dialPeer } from '../../src/cluster/dial.js';
import type { PeerLink } from '../../src/cluster/peer-link.js';
import { Rpc } from '../../src/protocol/rpc.js';
import { resolveHost } from '../../src/transport/ssh-config.js';
import { connectSsh } from '../../src/transport/ssh.js';
import type { Connection } from '../../src/transport/transport.js';
import { pollUntil } from '../poll-until.js';
import {
  buildStandIn,
  canHideNodeJs,
  dialOptions,
  hidingNodeJs,
  linkOf,
  openings,
  processesWith,
} from './nodes.js';

let cluster: EmbeddedCluster;
let program: string;
const links: PeerLink[] = [];

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ nodes: 9 });
  program = await buildStandIn(cluster);
});
afterAll(async () => {
  for (const link of links) link.close();
  await cluster.stop();
});

async function dial(n: number, changes: Partial<Parameters<typeof dialPeer>[0]> = {}): Promise<PeerLink> {
  const link = linkOf(await dialPeer({ ...dialOptions(cluster, n, program), ...changes }));
  links.push(link);
  return link;
}

async function ask(link: PeerLink, method: string): Promise<unknown> {
  return new Rpc(link.rpc, { peerName: 'the node' }).request(method, {}, { timeoutMs: 10_000 });
}

const programs = (n: number): string => join(cluster.node(n).home, '.local/share/moskit');

describe('first contact', () => {
  it('copies the program to a folder of its version and content, for its owner only, once', async () => {
    const link = await dial(1);
    expect(await ask(link, 'ping')).toMatchObject({ method: 'ping' });
    const [folder, ...others] = await readdir(programs(1));
    expect(others).toEqual([]);
    expect(folder).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/);
    const before = await stat(join(programs(1), folder!, 'moskit.mjs'));
    expect(before.mode & 0o777).toBe(0o700);
    expect(await readdir(join(programs(1), folder!))).toEqual(['moskit.mjs']);
    link.close();

    await dial(1);
    const after = await stat(join(programs(1), folder!, 'moskit.mjs'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('puts another build of the same version beside the one that is there', async () => {
    const other = await buildStandIn(cluster, 'other.mjs');
    await dial(1, { program: other });
    expect(await readdir(programs(1))).toHaveLength(2);
  });

  it('says why the program cannot be copied, in the words of the node', async () => {
    await writeFile(join(cluster.node(2).home, '.local'), 'a file where a folder should be');
    await expect(dial(2)).rejects.toThrow(/could not be copied to n2: .*(not a directory|File exists)/i);
    await rm(join(cluster.node(2).home, '.local'));
    await dial(2);
  });

  it('says what a program wrote that does not start', async () => {
    const broken = join(cluster.dir, 'broken.mjs');
    await writeFile(broken, 'process.stderr.write("\\u001b[31mno can do\\u001b[0m\\n"); process.exit(3);');
    await expect(dial(3, { program: broken })).rejects.toThrow('did not start on n3 (exit 3): no can do');
  });
});

describe('the link', () => {
  it('goes straight to the socket of mosd, and leaves no bridge running', async () => {
    const link = await dial(4);
    expect(await ask(link, 'ping')).toMatchObject({ method: 'ping' });
    await pollUntil(async () => (await processesWith(cluster, 'bridge')).length === 0);
    expect((await openings(cluster.node(4))).map(({ open }) => open)).toEqual(['rpc']);
  });

  it('opens channels that carry bytes both ways unchanged', async () => {
    const link = await dial(4);
    const sent = randomBytes(8 * 1024 * 1024);
    const channel = await link.openChannel({ open: 'bulk', ticket: 'x' });
    channel.end(sent);
    expect((await buffer(channel)).equals(sent)).toBe(true);
  });

  it('needs no bridge at all when the socket of last time still answers', async () => {
    const first = await dial(4);
    const socket = first.hello.socket!;
    first.close();
    cluster.node(4).behave({ shell: ['/bin/false'] }); // nothing can be started there now
    const link = await dial(4, { socket });
    expect(await ask(link, 'ping')).toMatchObject({ method: 'ping' });
    cluster.node(4).behave({ shell: ['/bin/sh'] });
  });

  it('starts a bridge when nobody listens on the socket of last time', async () => {
    const link = await dial(4, { socket: join(cluster.node(4).home, 'gone.sock') });
    expect(await ask(link, 'ping')).toMatchObject({ method: 'ping' });
  });

  it('goes through bridges where the server does not forward unix sockets', async () => {
    cluster.node(5).behave({ streamLocal: false });
    const link = await dial(5);
    expect(await ask(link, 'ping')).toMatchObject({ method: 'ping' });
    const channel = await link.openChannel({ open: 'bulk', ticket: 'x' });
    channel.end('through a bridge');
    expect((await buffer(channel)).toString()).toBe('through a bridge');
    expect((await openings(cluster.node(5))).map(({ open }) => open)).toEqual(['rpc', 'bulk']);
  });

  it('cannot be had from a login shell that runs nothing, which is not taken for a lack of Node.js', async () => {
    cluster.node(6).behave({ shell: ['/bin/sh', '-c', 'echo This account is closed. >&2; exit 1'] });
    await expect(dial(6)).rejects.toThrow('n6 runs no commands (exit 1): This account is closed.');
    cluster.node(6).behave({ shell: ['/bin/sh'] });
  });

  it('goes on through bridges when the server stops forwarding', async () => {
    const link = await dial(6);
    cluster.node(6).behave({ streamLocal: false });
    const channel = await link.openChannel({ open: 'bulk', ticket: 'x' });
    channel.end('through a bridge');
    expect((await buffer(channel)).toString()).toBe('through a bridge');
    cluster.node(6).behave({ streamLocal: true });
  });

  it('is not disturbed by what login scripts write', async () => {
    cluster.node(6).behave({ noise: 'Welcome to n6\u0007\nYou have mail. ' });
    expect(await ask(await dial(6), 'ping')).toMatchObject({ method: 'ping' });
  });

  it('is not disturbed by a noisy .bashrc', async () => {
    const { home } = cluster.node(7);
    await writeFile(
      join(home, '.bashrc'),
      'echo "Welcome to $HOSTNAME"\necho warning >&2\nprintf "no newline "\n',
    );
    cluster.node(7).behave({ shell: ['/bin/bash'] });
    const { connection } = await dial(7);
    const channel = await connection.exec('true');
    expect(await text(channel.stdout)).toContain('Welcome to');
    await dial(7, { program: await buildStandIn(cluster, 'noisy.mjs') });
    cluster.node(7).behave({ shell: ['/bin/sh'] });
  });

  it('is over when mosd there dies', async () => {
    const link = await dial(6);
    await expect(ask(link, 'exit')).rejects.toThrow(/closed/);
    expect(await link.closed).toMatchObject({ code: 'unreachable' });
  });

  it('is over when the connection breaks', async () => {
    const link = await dial(7);
    await cluster.node(7).server.cut();
    expect(await link.closed).toBeInstanceOf(Error);
    await expect(link.openChannel({ open: 'bulk', ticket: 'x' })).rejects.toMatchObject({
      code: 'unreachable',
    });
    await cluster.node(7).server.heal();
  });
});

describe('a moskit of another protocol on the node', () => {
  const hello = 'moskit\\001{\\"protocol\\":999,\\"version\\":\\"9.0.0\\",\\"role\\":\\"mosd\\"}\\n';
  afterAll(() => cluster.node(6).behave({ shell: ['/bin/sh'] }));

  it('cannot be replaced where the key may start the bridge only, and the error says who has to', async () => {
    cluster.node(6).behave({ shell: ['/bin/sh', '-c', `printf "${hello}"; exec cat >/dev/null`] });
    await expect(dial(6)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(
        /^n6 runs moskit 9\.0\.0 \(protocol 999\), this is moskit .*this key may only run 'moskit bridge'/,
      ) as string,
      hint: expect.stringMatching(/^install moskit \d\S* on n6 yourself/) as string,
    });
  });

  it('is one that still runs where any command can be run: it is to be stopped', async () => {
    const answer = `case "$2" in *bridge*) printf "${hello}"; exec cat >/dev/null;; esac; exec "$0" "$@"`;
    cluster.node(6).behave({ shell: ['/bin/sh', '-c', answer, '/bin/sh'] });
    await expect(dial(6)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^n6 runs moskit 9\.0\.0 \(protocol 999\), this is moskit [^,]*$/,
      ) as string,
      hint: expect.stringContaining("run 'moskit stop' on n6") as string,
    });
  });
});

describe('a node that does not answer', () => {
  it('costs its deadline and no more, and holds up no other', async () => {
    cluster.node(8).server.wedge();
    const wedged = dialPeer({ ...dialOptions(cluster, 8, program), deadlineMs: 1500 });
    const startedAt = performance.now();
    const winner = await Promise.race([wedged.catch(() => 'wedged'), dial(9).then(() => 'n9')]);
    expect(winner).toBe('n9');
    await expect(wedged).rejects.toThrow('n8 did not answer within 1.5 s');
    expect(performance.now() - startedAt).toBeLessThan(2 * 1500);
    cluster.node(8).server.unwedge();
  });

  it('may have an SSH configuration that takes for ever to read', async () => {
    const folder = join(cluster.dir, 'slow');
    await mkdir(folder);
    await writeFile(join(folder, 'ssh'), '#!/bin/sh\nexec sleep 20\n', { mode: 0o755 });
    const options = dialOptions(cluster, 8, program);
    const env = { ...options.env, PATH: `${folder}:/usr/bin:/bin` };
    const startedAt = performance.now();
    await expect(dialPeer({ ...options, env, deadlineMs: 700 })).rejects.toThrow(
      'did not answer within 0.7 s',
    );
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('may stop answering between the handshake and the command', async () => {
    const { server } = cluster.node(8);
    const connectThenWedge = async (deadlineMs: number): Promise<Connection> => {
      const host = await resolveHost('n8', dialOptions(cluster, 8, program).env);
      const connection = await connectSsh(host, { deadlineMs });
      server.wedge();
      return connection;
    };
    const dialling = dialPeer({
      ...dialOptions(cluster, 8, program),
      deadlineMs: 2000,
      connect: connectThenWedge,
    });
    await expect(dialling).rejects.toThrow('n8 did not answer within 2 s');
    server.unwedge();
  });

  it('may stop answering in the middle', async () => {
    const hung = join(cluster.dir, 'hung.mjs');
    await writeFile(hung, 'setTimeout(() => undefined, 30_000);');
    const dialling = dialPeer({ ...dialOptions(cluster, 8, hung), deadlineMs: 2500 });
    await expect(dialling).rejects.toThrow('n8 did not answer within 2.5 s');
  });
});

describe('Node.js on the node', () => {
  async function fakeNode(version: string): Promise<string> {
    const folder = join(cluster.dir, `node-${version}`);
    await mkdir(folder, { recursive: true });
    const script = `#!/bin/sh\ntest "$1" = -p && echo ${version} && exit 0\necho "SyntaxError" >&2\nexit 1\n`;
    await writeFile(join(folder, 'node'), script);
    await chmod(join(folder, 'node'), 0o755);
    return folder;
  }

  it('is found beside PATH when the one on PATH is too old', async () => {
    const old = await fakeNode('18.19.1');
    cluster.node(9).behave({ env: { ...cluster.node(9).env, PATH: `${old}:/usr/bin:/bin` } });
    const home = cluster.node(9).home;
    await mkdir(join(home, '.nvm/versions/node/v20/bin'), { recursive: true });
    await writeFile(
      join(home, '.nvm/versions/node/v20/bin/node'),
      `#!/bin/sh\nexec ${process.execPath} "$@"\n`,
      { mode: 0o755 },
    );
    expect(await ask(await dial(9), 'ping')).toMatchObject({ method: 'ping' });
  });

  it.skipIf(!canHideNodeJs)('makes a node monitor-only when it is missing, or too old', async () => {
    const { env, home } = cluster.node(9);
    await rm(join(home, '.nvm'), { recursive: true, force: true });
    cluster.node(9).behave({ shell: hidingNodeJs, env: { ...env, PATH: '/usr/bin:/bin' } });
    const missing = await dialPeer(dialOptions(cluster, 9, program));
    expect(missing).toMatchObject({ kind: 'monitor-only', reason: 'there is no Node.js on it' });
    if (missing.kind === 'monitor-only') missing.connection.close();

    const old = await fakeNode('18.19.1');
    cluster.node(9).behave({ env: { ...env, PATH: `${old}:/usr/bin:/bin` } });
    const tooOld = await dialPeer(dialOptions(cluster, 9, program));
    expect(tooOld).toMatchObject({
      kind: 'monitor-only',
      reason: 'its Node.js 18.19.1 is too old: 20.19 or newer is needed',
    });
    if (tooOld.kind === 'monitor-only') tooOld.connection.close();
  });
});

describe('the login shell', () => {
  const shells = ['dash', 'bash', 'zsh', 'fish', 'csh', 'tcsh', 'ksh'];
  const pathOf = (shell: string): string | null => {
    try {
      return execFileSync('/bin/sh', ['-c', `command -v ${shell}`])
        .toString()
        .trim();
    } catch {
      return null;
    }
  };
  for (const shell of shells) {
    const path = pathOf(shell);
    it.skipIf(path === null)(`may be ${shell}`, async () => {
      const node = cluster.node(3);
      await rm(join(node.home, '.local'), { recursive: true, force: true });
      const { LD_LIBRARY_PATH } = process.env;
      node.behave({ shell: [path!], env: { ...node.env, LD_LIBRARY_PATH } });
      expect(await ask(await dial(3), 'ping')).toMatchObject({ method: 'ping' });
    });
  }
});
