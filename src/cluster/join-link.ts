import type { Duplex } from 'node:stream';
import { UnreachableError, messageOf } from '../errors.js';
import { formatHello, type Hello } from '../protocol/handshake.js';
import { openChannel, readGo } from '../protocol/open-channel.js';
import type { Opening } from '../protocol/messages.js';
import type { Connection } from '../transport/transport.js';
import type { PeerLink } from './peer-link.js';

const role = 'home';
const defaultTimeoutMs = 15_000;
/** sun_path holds 108 bytes. */
const maxSocketPath = 107;

/** A bridge that has greeted, and says nothing more before it is spoken to. */
export interface Bridge {
  readonly hello: Hello;
  readonly stream: Duplex;
  close(): void;
}

export interface LinkParts {
  readonly connection: Connection;
  /** Named in errors. */
  readonly name: string;
  readonly opening: Opening;
  readonly timeoutMs: number;
  /** Starts one more bridge, for servers that do not let unix sockets be reached. */
  readonly startBridge: () => Promise<Bridge>;
}

/** The link over mosd's own socket if the SSH server lets us reach it: then no Node.js process serves it there. */
export async function joinOverSocket(parts: LinkParts, socket: string): Promise<PeerLink | null> {
  if (!isSocketPath(socket)) return null;
  let stream: Duplex | undefined;
  try {
    stream = await openSocket(parts.connection, socket, parts.timeoutMs);
    const hello = await openChannel(stream, parts.opening, { role, timeoutMs: parts.timeoutMs });
    return makeLink(parts, hello, stream, true);
  } catch {
    stream?.destroy();
    return null;
  }
}

/** The link through a bridge: over mosd's socket when that can be reached, else the bridge itself. */
export async function joinOverBridge(parts: LinkParts, bridge: Bridge): Promise<PeerLink> {
  const { socket } = bridge.hello;
  const direct = socket === undefined ? null : await joinOverSocket(parts, socket);
  if (direct) {
    bridge.close();
    return direct;
  }
  sayOpening(bridge.stream, parts.opening);
  return makeLink(parts, bridge.hello, bridge.stream, false);
}

function makeLink(parts: LinkParts, hello: Hello, rpc: Duplex, socketWorks: boolean): PeerLink {
  const { connection, name } = parts;
  let mayUseSocket = socketWorks;
  let settleClosed: (reason: Error | undefined) => void;
  const closed = new Promise<Error | undefined>((resolve) => (settleClosed = resolve));
  const lost = (error?: Error): void =>
    settleClosed(new UnreachableError(`mosd of ${name} closed the link${error ? `: ${error.message}` : ''}`));
  rpc.on('error', lost);
  rpc.on('end', () => lost());
  rpc.on('close', () => lost());
  void connection.closed.then((reason) => settleClosed(reason));

  const openOne = async (opening: Opening, timeoutMs: number): Promise<Duplex> => {
    if (mayUseSocket && hello.socket !== undefined) {
      const stream = await openSocket(connection, hello.socket, timeoutMs).catch(() => null);
      if (stream) {
        await openChannel(stream, opening, { role, timeoutMs });
        return stream;
      }
      mayUseSocket = false; // mosd went away, or forwarding was turned off: a bridge can still help
    }
    const bridge = await parts.startBridge();
    sayOpening(bridge.stream, opening);
    return bridge.stream;
  };

  return {
    hello,
    rpc,
    connection,
    closed,
    openChannel: async (opening, options = {}) => {
      const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
      const stream = await openOne(opening, timeoutMs);
      stream.on('error', () => undefined);
      if (opening.open === 'rpc') return stream;
      try {
        await readGo(stream, timeoutMs);
        return stream;
      } catch (error) {
        stream.destroy();
        throw new UnreachableError(`${name} did not open a channel: ${messageOf(error)}`, { cause: error });
      }
    },
    close: () => {
      settleClosed(undefined);
      connection.close();
    },
  };
}

function sayOpening(stream: Duplex, opening: Opening): void {
  stream.write(`${formatHello({ role })}${JSON.stringify(opening)}\n`);
}

function isSocketPath(path: string): boolean {
  return path.startsWith('/') && Buffer.byteLength(path) <= maxSocketPath;
}

async function openSocket(connection: Connection, path: string, timeoutMs: number): Promise<Duplex> {
  const opening = connection.openUnix(path);
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new UnreachableError(`the socket ${path} was not opened within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    opening.then(
      (stream) => {
        clearTimeout(timer);
        stream.on('error', () => undefined);
        if (late) stream.destroy();
        else resolve(stream);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
