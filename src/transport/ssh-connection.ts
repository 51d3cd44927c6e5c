import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { cleanText } from './remote-text.js';
import { breakOff, isWhole, tidyChannel } from './ssh-channel.js';
import { ChannelRefusedError, SshError } from './ssh-error.js';
import type { Connection, ExecChannel } from './transport.js';

/** A connection over which further hosts can be reached. */
export interface SshConnection extends Connection {
  openTcp(host: string, port: number): Promise<Duplex>;
}

/** How long the other side may take to open a channel on a connection that is up. */
const openTimeoutMs = 30_000;
const farewellMs = 1000;

type Opened = (error: Error | undefined, channel: ClientChannel) => void;

/** Wraps an ssh2 client that is ready and speaks over `stream`. `release` is called once, when all is over. */
export function wrapClient(client: Client, stream: Duplex, name: string, release: () => void): SshConnection {
  return new ClientConnection(client, stream, name, release);
}

class ClientConnection implements SshConnection {
  readonly closed: Promise<Error | undefined>;
  readonly #client: Client;
  readonly #stream: Duplex;
  readonly #name: string;
  readonly #release: () => void;
  readonly #channels = new Set<ClientChannel>();
  /** What is to be told when the connection is over. */
  readonly #waiting = new Set<() => void>();
  #settleClosed: (reason: Error | undefined) => void = () => undefined;
  #ended = false;
  #receivedBytes = 0;
  #lastError: Error | undefined;

  constructor(client: Client, stream: Duplex, name: string, release: () => void) {
    this.#client = client;
    this.#stream = stream;
    this.#name = name;
    this.#release = release;
    this.closed = new Promise((resolve) => (this.#settleClosed = resolve));
    stream.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.length;
    });
    client.on('error', (error) => {
      this.#lastError = error;
      this.#finish(this.#gone());
    });
    client.on('end', () => this.#finish(this.#gone()));
    client.on('close', () => this.#finish(this.#gone()));
    if (!stream.writable || stream.readableEnded) this.#finish(this.#gone());
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  exec(command: string): Promise<ExecChannel> {
    return this.#open(
      'a command',
      (opened) => this.#client.exec(command, opened),
      (channel) => this.#asExec(channel),
    );
  }

  openUnix(path: string): Promise<Duplex> {
    return this.#open<Duplex>(
      `the socket ${path}`,
      (opened) => this.#client.openssh_forwardOutStreamLocal(path, opened),
      (channel) => channel,
    );
  }

  openTcp(host: string, port: number): Promise<Duplex> {
    return this.#open<Duplex>(
      `a connection to ${host} port ${port}`,
      (opened) => this.#client.forwardOut('127.0.0.1', 0, host, port, opened),
      (channel) => channel,
    );
  }

  close(): void {
    this.#finish(undefined);
  }

  #finish(reason: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    // What ended properly may still be read; what broke off must not look as if it had ended.
    for (const channel of this.#channels) if (!isWhole(channel)) breakOff(channel, reason ?? this.#gone());
    this.#channels.clear();
    this.#client.end();
    setTimeout(() => this.#stream.destroy(), farewellMs).unref();
    this.#release();
    this.#settleClosed(reason);
    for (const tell of this.#waiting) tell();
    this.#waiting.clear();
  }

  #gone(): SshError {
    const why = this.#lastError ? `: ${this.#lastError.message}` : '';
    return new SshError('closed', `the connection to ${this.#name} is closed${why}`);
  }

  /** `wrap` runs before anything else that came with the channel, so that it misses no event of it. */
  #open<T>(what: string, request: (opened: Opened) => void, wrap: (channel: ClientChannel) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(giveUp);
        if (!settled) act();
        settled = true;
      };
      const giveUp = (): void => settle(() => reject(this.#gone()));
      const late = `${this.#name} did not open ${what} within ${openTimeoutMs / 1000} s`;
      const timer = setTimeout(() => settle(() => reject(new SshError('timeout', late))), openTimeoutMs);
      if (this.#ended) {
        giveUp();
        return;
      }
      this.#waiting.add(giveUp);
      try {
        request((error, channel) => {
          if (error) settle(() => reject(this.#ended ? this.#gone() : refused(this.#name, what, error)));
          else if (settled) tidyChannel(channel).destroy();
          else settle(() => resolve(wrap(this.#keep(channel))));
        });
      } catch {
        giveUp(); // the socket was closed a moment ago
      }
    });
  }

  #keep(channel: ClientChannel): ClientChannel {
    this.#channels.add(tidyChannel(channel));
    channel.on('close', () => this.#channels.delete(channel));
    return channel;
  }

  #asExec(channel: ClientChannel): ExecChannel {
    channel.stderr.on('error', () => undefined);
    let status: { code: number | null; signal: string | null } = { code: null, signal: null };
    const ended = new Promise<typeof status>((resolve) => {
      const end = (): void => {
        this.#waiting.delete(end);
        resolve(status);
      };
      channel.on('exit', (code: number | null, signal?: string) => {
        status = { code, signal: signal ?? null };
        end();
      });
      channel.on('close', end);
      this.#waiting.add(end);
    });
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      ended,
      close: () => void channel.destroy(),
    };
  }
}

function refused(name: string, what: string, error: Error): ChannelRefusedError {
  const said = cleanText(error.message.replace(/^\(SSH\) Channel open failure: ?/, ''));
  return new ChannelRefusedError(`${name} did not open ${what}${said === '' ? '' : `: ${said}`}`, {
    cause: error,
  });
}
