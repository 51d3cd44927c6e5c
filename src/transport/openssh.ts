import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { messageOf } from '../errors.js';
import type { Deadline } from './deadline.js';
import { handshakeGate } from './handshake-gate.js';
import { opensshWords } from './openssh-words.js';
import { cleanText, keepTail } from './remote-text.js';
import type { ResolvedHost } from './resolved-host.js';
import type { SshConnection } from './ssh-connection.js';
import { ChannelRefusedError, SshError } from './ssh-error.js';
import type { ExecChannel } from './transport.js';

const pollMs = 20;
const keepAlives = ['ServerAliveInterval=10', 'ServerAliveCountMax=3'];

/** The connection must not outlive this process, however that ends: ssh is ended when stdin is closed, its folder removed. */
const untilInputEnds =
  'exec 3<&0; "$@" </dev/null 3<&- & ssh=$!; { read -r _ <&3; kill $ssh; } >/dev/null 2>&1 & watch=$!; ' +
  'exec 3<&- >/dev/null 2>&1; wait $ssh; kill $watch; rm -rf "$0"';

/**
 * A connection that the system's `ssh` makes: it can check host certificates, which ssh2 can't. One ssh holds it and
 * each command is one more, over the control socket of the first. Unix sockets are not reached this way, so all
 * channels to mosd are bridges.
 */
export async function connectOpenssh(host: ResolvedHost, deadline: Deadline): Promise<SshConnection> {
  const slot = await handshakeGate.enter(deadline.signal);
  const folder = await mkdtemp(join(tmpdir(), 'moskit-ssh-'));
  const socket = join(folder, 's');
  const words = opensshWords(host, [`ControlPath=${socket}`, ...keepAlives]);
  const master = start(['/bin/sh', '-c', untilInputEnds, folder, ...words, '-M', '-N', '--', host.address]);
  const said = keepTail(master.stderr);
  master.stdout.resume();
  const gone = once(master, 'close').then(() => void master.stdin.destroy());
  try {
    await deadline.race(Promise.race([untilThere(socket, deadline.signal), gone]));
    if (!existsSync(socket)) throw failure(host, said());
  } catch (error) {
    master.stdin.destroy();
    throw error;
  } finally {
    slot.leave();
  }
  return new OpensshConnection(host.address, words, master, gone);
}

async function untilThere(path: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(path) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, pollMs));
}

function start(words: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(words[0]!, words.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  for (const stream of [child, child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  return child;
}

function failure(host: ResolvedHost, said: string): SshError {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const why = cleanText(lines.slice(-3).join('; ')) || 'ssh gave no reason';
  const problem = /host key|REVOKED|certificate/i.test(why)
    ? 'host-key'
    : /permission denied/i.test(why)
      ? 'auth'
      : 'network';
  return new SshError(problem, `${host.address} is not reached by ssh: ${why}`, {
    hint: `its known_hosts entry names an authority, so the system's own ssh is used; 'ssh -v ${host.address}' tells more`,
  });
}

class OpensshConnection implements SshConnection {
  readonly closed: Promise<Error | undefined>;
  readonly #name: string;
  readonly #words: readonly string[];
  readonly #master: ChildProcessWithoutNullStreams;
  readonly #open = new Set<ChildProcessWithoutNullStreams>();
  #ended = false;
  #isOurs = false;

  constructor(
    name: string,
    words: readonly string[],
    master: ChildProcessWithoutNullStreams,
    gone: Promise<void>,
  ) {
    this.#name = name;
    this.#words = words;
    this.#master = master;
    this.closed = gone.then(() => {
      this.#ended = true;
      for (const child of this.#open) child.kill();
      return this.#isOurs ? undefined : this.#closedError();
    });
  }

  async exec(command: string): Promise<ExecChannel> {
    const child = await this.#start([], [command]);
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (code) => resolve({ code: this.#ended ? null : code, signal: null }));
    });
    const close = (): void => {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.kill();
    };
    return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
  }

  openUnix(path: string): Promise<Duplex> {
    const message = `${this.#name} did not open the socket ${path}: not through the system's ssh`;
    return Promise.reject(new ChannelRefusedError(message));
  }

  async openTcp(host: string, port: number): Promise<Duplex> {
    const child = await this.#start(['-W', `[${host}]:${port}`], []);
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    stream.on('error', () => undefined);
    stream.on('close', () => void child.kill());
    return stream;
  }

  close(): void {
    this.#isOurs = true;
    this.#ended = true;
    this.#master.stdin.destroy();
  }

  /** When the server opens no more sessions, ssh makes a connection of its own for the command, as strictly. */
  async #start(
    options: readonly string[],
    command: readonly string[],
  ): Promise<ChildProcessWithoutNullStreams> {
    if (this.#ended) throw this.#closedError();
    const child = start([
      ...this.#words,
      '-o',
      'ControlMaster=no',
      '-T',
      ...options,
      '--',
      this.#name,
      ...command,
    ]);
    this.#open.add(child);
    child.once('close', () => this.#open.delete(child));
    await once(child, 'spawn').catch((error: unknown) => {
      throw new ChannelRefusedError(`ssh did not start for ${this.#name}: ${messageOf(error)}`, {
        cause: error,
      });
    });
    return child;
  }

  #closedError(): SshError {
    return new SshError('closed', `the connection to ${this.#name} is closed`);
  }
}
