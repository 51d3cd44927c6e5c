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
  const channels = new Set<ClientChannel>();
  let lastError: Error | undefined;
  let ended = false;
  let settleClosed: (reason: Error | undefined) => void;
  const closed = new Promise<Error | undefined>((resolve) => (settleClosed = resolve));

  const finish = (reason: Error | undefined): void => {
    if (ended) return;
    ended = true;
    // What ended properly may still be read; what broke off must not look as if it had ended.
    for (const channel of channels) if (!isWhole(channel)) breakOff(channel, reason ?? gone());
    channels.clear();
    client.end();
    setTimeout(() => stream.destroy(), farewellMs).unref();
    release();
    settleClosed(reason);
  };
  const gone = (): SshError =>
    new SshError('closed', `the connection to ${name} is closed${lastError ? `: ${lastError.message}` : ''}`);

  client.on('error', (error) => {
    lastError = error;
    finish(gone());
  });
  client.on('end', () => finish(gone()));
  client.on('close', () => finish(gone()));
  if (!stream.writable || stream.readableEnded) finish(gone());

  /** `wrap` runs before anything else that came with the channel, so that it misses no event of it. */
  const open = <T>(
    what: string,
    request: (opened: Opened) => void,
    wrap: (channel: ClientChannel) => T,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      if (ended) {
        reject(gone());
        return;
      }
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(new SshError('timeout', `${name} did not open ${what} within ${openTimeoutMs / 1000} s`));
      }, openTimeoutMs);
      void closed.then(() => reject(gone()));
      try {
        request((error, channel) => {
          clearTimeout(timer);
          if (error) {
            reject(ended ? gone() : refused(name, what, error));
            return;
          }
          tidyChannel(channel);
          if (ended || late) {
            channel.destroy();
            return;
          }
          channels.add(channel);
          channel.on('close', () => channels.delete(channel));
          resolve(wrap(channel));
        });
      } catch (error) {
        clearTimeout(timer);
        reject(new SshError('closed', `the connection to ${name} is closed`, { cause: error }));
      }
    });

  const asStream = (channel: ClientChannel): Duplex => channel;
  return {
    exec: (command) =>
      open(
        'a command',
        (opened) => client.exec(command, opened),
        (channel) => execChannel(channel, closed),
      ),
    openUnix: (path) =>
      open(`the socket ${path}`, (opened) => client.openssh_forwardOutStreamLocal(path, opened), asStream),
    openTcp: (host, port) =>
      open(
        `a connection to ${host} port ${port}`,
        (opened) => client.forwardOut('127.0.0.1', 0, host, port, opened),
        asStream,
      ),
    closed,
    close: () => finish(undefined),
  };
}

function execChannel(channel: ClientChannel, connectionClosed: Promise<unknown>): ExecChannel {
  channel.stderr.on('error', () => undefined);
  let status: { code: number | null; signal: string | null } = { code: null, signal: null };
  const ended = new Promise<typeof status>((resolve) => {
    channel.on('exit', (code: number | null, signal?: string) => {
      status = { code, signal: signal ?? null };
      resolve(status);
    });
    channel.on('close', () => resolve(status));
    void connectionClosed.then(() => resolve(status));
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended,
    close: () => void channel.destroy(),
  };
}

function refused(name: string, what: string, error: Error): ChannelRefusedError {
  const said = cleanText(error.message.replace(/^\(SSH\) Channel open failure: ?/, ''));
  return new ChannelRefusedError(`${name} did not open ${what}${said === '' ? '' : `: ${said}`}`, {
    cause: error,
  });
}
