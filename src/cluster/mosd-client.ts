import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { errnoOf, MoskitError, ProtocolError, UnreachableError } from '../errors.js';
import { resolvePaths, type Paths } from '../paths.js';
import { programPath } from '../program-path.js';
import type { Hello } from '../protocol/handshake.js';
import type { Opening, ToolMethods, ToolNotifications } from '../protocol/messages.js';
import { openChannel, readGo } from '../protocol/open-channel.js';
import { Rpc } from '../protocol/rpc.js';
import { version } from '../version.js';
import { connectRunning } from './mosd-socket.js';
import { startMosd } from './start-mosd.js';

export interface ConnectOptions {
  /** Start mosd when none listens. */
  readonly start: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** For the whole of starting, connecting and greeting; default 15 s. */
  readonly timeoutMs?: number;
  /** `moskit stop` must be able to talk to a mosd of another version. */
  readonly anyVersion?: boolean;
}

/** A tool's link to the user's own mosd on this machine. */
export interface MosdClient {
  /** What mosd said of itself. */
  readonly hello: Hello;
  /** Rejects with mosd's own error, or UnreachableError when it does not answer in time (default 30 s; Infinity waits). */
  request<M extends keyof ToolMethods>(
    method: M,
    params: ToolMethods[M][0],
    options?: { readonly timeoutMs?: number },
  ): Promise<ToolMethods[M][1]>;
  /** Answers the function that ends listening. */
  onNotification<N extends keyof ToolNotifications>(
    name: N,
    listener: (params: ToolNotifications[N]) => void,
  ): () => void;
  /** One more channel to the same mosd, past the greetings and mosd's `{"ok":true}`: frames from its first byte on. */
  openIo(opening: Extract<Opening, { open: 'io' }>): Promise<Duplex>;
  /** Settles once when the link has ended; undefined after `close` or when mosd ended it. */
  readonly closed: Promise<Error | undefined>;
  close(): void;
}

const defaultStartMs = 15_000;
const defaultAnswerMs = 30_000;
const pollMs = 20;
const greetTries = 3;
const greetAgainMs = 200;

/** Connects to mosd, starting it on demand. Rejects with UnreachableError when there is none. */
export async function connectMosd(options: ConnectOptions): Promise<MosdClient> {
  const client = await tryConnectMosd(options);
  if (client) return client;
  throw new UnreachableError('mosd does not run', { hint: 'any command that needs it starts it' });
}

/** As connectMosd, but with `start: false` answers null when no mosd runs. */
export async function tryConnectMosd(options: ConnectOptions): Promise<MosdClient | null> {
  const timeoutMs = options.timeoutMs ?? defaultStartMs;
  const greeted = await greetMosd(options, timeoutMs);
  if (!greeted) return null;
  const { stream, hello } = greeted;
  if (hello.version !== version && !options.anyVersion) {
    stream.destroy();
    throw differentVersion(`mosd of moskit ${hello.version} runs here, this is moskit ${version}`);
  }
  return makeClient(stream, hello, { ...options, timeoutMs });
}

/** One that is killed while it is greeted has a successor; one that always breaks off is of another version. */
async function greetMosd(
  options: ConnectOptions,
  timeoutMs: number,
): Promise<{ readonly stream: Socket; readonly hello: Hello } | null> {
  for (let attempt = 1; ; attempt++) {
    const stream = await openMosdSocket({ ...options, timeoutMs });
    if (!stream) return null;
    try {
      return { stream, hello: await greet(stream, { open: 'rpc', as: 'tool' }, timeoutMs) };
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      if (attempt === greetTries) throw differentVersion(`the mosd that runs here: ${error.message}`, error);
      await new Promise((resolve) => setTimeout(resolve, greetAgainMs));
    }
  }
}

/** A connected socket on which nothing was said yet; null with `start: false` when no mosd listens. */
export async function openMosdSocket(options: {
  readonly start: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}): Promise<Socket | null> {
  const env = options.env ?? process.env;
  const paths = resolvePaths(env);
  const socket = await connectRunning(paths);
  if (socket || !options.start) return socket;
  return startAndConnect(paths, env, options.timeoutMs ?? defaultStartMs);
}

async function startAndConnect(paths: Paths, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<Socket> {
  const deadline = performance.now() + timeoutMs;
  const mosd = await startMosd({ program: programPath(env), paths, env });
  for (;;) {
    const failure = mosd.failure();
    const socket = await connectRunning(paths);
    if (socket) return socket;
    if (failure !== null || performance.now() > deadline) {
      const words = mosd.lastWords();
      throw new MoskitError(
        `mosd did not start: ${failure ?? `it does not listen on ${paths.socket} after ${timeoutMs / 1000} s`}` +
          (words ? `; its last words:\n${words}` : ''),
        { hint: `its log is ${paths.log}` },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function makeClient(
  stream: Duplex,
  hello: Hello,
  options: ConnectOptions & { readonly timeoutMs: number },
): MosdClient {
  const listeners = new Set<{ readonly name: string; readonly call: (params: unknown) => void }>();
  const rpc = new Rpc(stream, {
    peerName: 'mosd',
    onNotification: (name, params) => {
      for (const listener of listeners) if (listener.name === name) listener.call(params);
    },
  });
  return {
    hello,
    request: <M extends keyof ToolMethods>(
      method: M,
      params: ToolMethods[M][0],
      { timeoutMs = defaultAnswerMs } = {},
    ) =>
      rpc.request(method, params, Number.isFinite(timeoutMs) ? { timeoutMs } : {}) as Promise<
        ToolMethods[M][1]
      >,
    onNotification: (name, listener) => {
      const entry = { name, call: listener as (params: unknown) => void };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    openIo: async (opening) => {
      const io = await openMosdSocket({ ...options, start: false });
      if (!io) throw new UnreachableError('mosd has ended');
      await greet(io, opening, options.timeoutMs);
      await readGo(io, options.timeoutMs).catch((error: unknown) => {
        io.destroy();
        throw hasEnded(error) ? ended(error) : error;
      });
      return io;
    },
    closed: rpc.closed,
    close: () => rpc.close(),
  };
}

/** Greets and says what the channel is for. UnreachableError: it broke off. */
async function greet(stream: Socket, opening: Opening, timeoutMs: number): Promise<Hello> {
  try {
    return await openChannel(stream, opening, { role: 'tool', timeoutMs });
  } catch (error) {
    stream.destroy();
    if (hasEnded(error)) throw ended(error);
    if (error instanceof ProtocolError)
      throw differentVersion(`the mosd that runs here: ${error.message}`, error);
    throw error;
  }
}

/** The other end of the socket is gone. */
function hasEnded(error: unknown): boolean {
  if (error instanceof ProtocolError) return /closed the channel/.test(error.message);
  return ['ECONNRESET', 'EPIPE'].includes(errnoOf(error) ?? '');
}

function ended(cause: unknown): UnreachableError {
  return new UnreachableError('it closed the channel', { cause });
}

function differentVersion(message: string, cause?: unknown): MoskitError {
  return new MoskitError(message, {
    cause,
    hint: "end it with 'moskit stop': its jobs go on, and the next mosd adopts them",
  });
}
