import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { errnoOf, messageOf } from '../errors.js';
import type { Deadline } from './deadline.js';
import { cleanText, keepTail } from './remote-text.js';
import type { ResolvedHost } from './resolved-host.js';
import { SshError } from './ssh-error.js';

/** A node that stays silent this long lets others go first. */
export const silenceMs = 1000;
const lastWordsMs = 300;

/** The bytes to a host, before SSH. */
export interface SshSocket {
  readonly stream: Duplex;
  /** What a ProxyCommand wrote to stderr, for the error; waits a little for its last words. */
  readonly said: () => Promise<string>;
}

export async function openTcpSocket(host: ResolvedHost, deadline: Deadline): Promise<SshSocket> {
  const socket = connect({ host: host.hostName, port: host.port, family: host.family });
  // ssh2 leaves Nagle on: 44 ms instead of 1 ms for a request on a live channel.
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  deadline.signal.addEventListener('abort', () => socket.destroy(), { once: true });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  try {
    await deadline.race(connected);
  } catch (error) {
    socket.destroy();
    throw error instanceof SshError ? error : connectFailure(host, error);
  }
  return { stream: socket, said: () => Promise.resolve('') };
}

function connectFailure(host: ResolvedHost, error: unknown): SshError {
  const where = host.address === host.hostName ? '' : ` (${host.hostName})`;
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: `port ${host.port} is closed; is its SSH server running?`,
    ENOTFOUND: 'this host name is not known',
    EAI_AGAIN: 'its name could not be looked up',
    EHOSTUNREACH: 'there is no route to it',
    ENETUNREACH: 'there is no route to its network',
    ETIMEDOUT: 'it does not answer',
  };
  const why = reasons[errnoOf(error) ?? ''] ?? messageOf(error);
  return new SshError('network', `${host.address}${where} cannot be reached: ${why}`, { cause: error });
}

/** stdin and stdout of a ProxyCommand, started as ssh starts it. */
export function openCommandSocket(host: ResolvedHost, command: string, deadline: Deadline): SshSocket {
  // Host and user names were checked when the configuration was read: nothing in them means anything to a shell.
  const values: Readonly<Record<string, string>> = {
    '%%': '%',
    '%h': host.hostName,
    '%n': host.address,
    '%p': String(host.port),
    '%r': host.user,
  };
  const line = command.replace(/%[%hnpr]/g, (token) => values[token] ?? token);
  const child = spawn('/bin/sh', ['-c', `exec ${line}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = keepTail(child.stderr);
  child.on('error', () => undefined);
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const end = (): void => void child.kill('SIGTERM');
  stream.on('error', () => undefined);
  stream.on('close', end);
  deadline.signal.addEventListener('abort', end, { once: true });
  const over = new Promise((resolve) => child.on('close', resolve));
  return {
    stream,
    said: async () => {
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, lastWordsMs))]);
      return cleanText(said());
    },
  };
}

/** Resolves true when the other side has said something, false when it ended or `timeoutMs` is over. Reads nothing. */
export function hasSpoken(stream: Duplex, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (spoken: boolean) => (): void => {
      clearTimeout(timer);
      stream.off('readable', onReadable);
      for (const event of ['end', 'close', 'error']) stream.off(event, onGone);
      resolve(spoken);
    };
    const onReadable = settle(true);
    const onGone = settle(false);
    const timer = setTimeout(onGone, timeoutMs);
    for (const event of ['end', 'close', 'error']) stream.on(event, onGone);
    stream.on('readable', onReadable);
  });
}
