import type { Client } from 'ssh2';
import { messageOf } from '../errors.js';
import { chooseAlgorithms } from './algorithms.js';
import { startDeadline, type Deadline } from './deadline.js';
import { handshakeGate, type HandshakeSlot } from './handshake-gate.js';
import { checkHostKey, findHostKeys } from './host-keys.js';
import { borrowJump } from './jump-pool.js';
import { cleanText } from './remote-text.js';
import type { ResolvedHost } from './resolved-host.js';
import { authFailure, planAuth } from './ssh-auth.js';
import { wrapClient, type SshConnection } from './ssh-connection.js';
import { SshError } from './ssh-error.js';
import { hasSpoken, openCommandSocket, openTcpSocket, type SshSocket } from './ssh-socket.js';
import { loadSsh2, supportedAlgorithms } from './ssh2.js';

/** A node that stays silent this long lets others go first. */
const silenceMs = 1000;
const handshakePatienceMs = 10_000;
const defaultKeepAliveMs = 10_000;
const keepAlivesMissed = 3;

export interface ConnectOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** One SSH connection. Rejects with SshError (an UnreachableError) that says what to do. */
export async function connectSsh(host: ResolvedHost, options: ConnectOptions): Promise<SshConnection> {
  const limitMs = Math.min(options.deadlineMs, host.connectTimeoutMs ?? Infinity);
  const deadline = startDeadline(host.address, limitMs, options.signal);
  try {
    return await connectBefore(host, deadline);
  } finally {
    deadline.clear();
  }
}

async function connectBefore(host: ResolvedHost, deadline: Deadline): Promise<SshConnection> {
  const prepared = await deadline.race(prepare(host));
  const reached = await reach(host, deadline);
  try {
    const client = await logIn(host, prepared, reached, deadline);
    return wrapClient(client, reached.socket.stream, host.address, reached.release);
  } catch (error) {
    reached.socket.stream.destroy();
    reached.release();
    throw error;
  } finally {
    reached.slot.leave();
  }
}

/** All that is looked up on this machine; nothing has been sent yet. */
async function prepare(host: ResolvedHost) {
  const [knowledge, auth, supported, ssh2] = await Promise.all([
    findHostKeys(host),
    planAuth(host),
    supportedAlgorithms(),
    loadSsh2(),
  ]);
  const algorithms = chooseAlgorithms(host, supported, [...knowledge.keys, ...knowledge.portless]);
  return { knowledge, auth, algorithms, ssh2 };
}

interface Reached {
  readonly socket: SshSocket;
  readonly slot: HandshakeSlot;
  readonly release: () => void;
}

/** The socket to the host and a place among the handshakes; a jump host's own handshake is over by then. */
async function reach(host: ResolvedHost, deadline: Deadline): Promise<Reached> {
  const { via } = host;
  if (via.kind === 'jump') {
    const jump = await jumpTo(via.host, deadline);
    try {
      return await openIn(deadline, jump.giveBack, () =>
        openThrough(jump.connection, host, via.host, deadline),
      );
    } catch (error) {
      jump.giveBack();
      throw error;
    }
  }
  return openIn(
    deadline,
    () => undefined,
    (slot) =>
      via.kind === 'command'
        ? Promise.resolve(openCommandSocket(host, via.command, deadline))
        : slot.during(openTcpSocket(host, deadline), silenceMs),
  );
}

async function openIn(
  deadline: Deadline,
  release: () => void,
  open: (slot: HandshakeSlot) => Promise<SshSocket>,
): Promise<Reached> {
  const slot = await handshakeGate.enter(deadline.signal);
  try {
    return { socket: await open(slot), slot, release };
  } catch (error) {
    slot.leave();
    throw error;
  }
}

async function jumpTo(host: ResolvedHost, deadline: Deadline) {
  const borrowed = borrowJump(host, () => connectSsh(host, { deadlineMs: deadline.remainingMs() }));
  try {
    return await deadline.race(borrowed);
  } catch (error) {
    void borrowed.then(
      (jump) => jump.giveBack(),
      () => undefined,
    );
    throw error;
  }
}

async function openThrough(
  jump: SshConnection,
  host: ResolvedHost,
  through: ResolvedHost,
  deadline: Deadline,
): Promise<SshSocket> {
  const opening = jump.openTcp(host.hostName, host.port);
  try {
    return { stream: await deadline.race(opening), said: () => '' };
  } catch (error) {
    void opening.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    const why = messageOf(error);
    throw new SshError('network', `${host.address} cannot be reached through ${through.address}: ${why}`, {
      cause: error,
    });
  }
}

async function logIn(
  host: ResolvedHost,
  prepared: Awaited<ReturnType<typeof prepare>>,
  { socket, slot }: Reached,
  deadline: Deadline,
): Promise<Client> {
  const spoke = await slot.during(deadline.race(hasSpoken(socket.stream, 3 * silenceMs)), silenceMs);
  const client = new prepared.ssh2.Client();
  const shaken = new Promise<void>((resolve, reject) => {
    let refusal: SshError | null = null;
    let allowed: readonly string[] = [];
    let next = 0;
    client.on('ready', resolve);
    client.on('error', (error) => {
      const { level } = error as Error & { level?: string };
      if (level === 'agent' || /^Error (while )?signing/.test(error.message)) return; // the next key is tried
      if (level === 'client-authentication' || /authentication failures/i.test(error.message))
        reject(authFailure(host, prepared.auth, allowed));
      else reject(refusal ?? handshakeFailure(host, error, socket));
    });
    client.on('close', () =>
      reject(refusal ?? handshakeFailure(host, new Error('it closed the connection'), socket)),
    );
    client.connect({
      sock: socket.stream,
      username: host.user,
      algorithms: prepared.algorithms,
      readyTimeout: 0, // the deadline is ours
      keepaliveInterval: host.keepAliveMs ?? defaultKeepAliveMs,
      keepaliveCountMax: keepAlivesMissed,
      strictVendor: false, // other servers forward unix sockets too, and one that does not refuses
      hostVerifier: (key: Buffer) => {
        refusal = checkHostKey(host, prepared.knowledge, key);
        return refusal === null;
      },
      authHandler: (left, _partial, proceed) => {
        if (Array.isArray(left)) allowed = left;
        const method = prepared.auth.methods[next++];
        proceed(method ?? (false as never));
      },
    });
  });
  try {
    await slot.during(deadline.race(shaken), spoke ? handshakePatienceMs : silenceMs);
  } catch (error) {
    client.on('error', () => undefined);
    client.destroy();
    throw error;
  }
  return client;
}

function handshakeFailure(host: ResolvedHost, error: Error, socket: SshSocket): SshError {
  const said = socket.said();
  const why = /Connection lost before handshake/.test(error.message)
    ? 'it closed the connection before it said anything; is that an SSH server, or has it too many connections?'
    : cleanText(error.message);
  return new SshError(
    'network',
    `${host.address} cannot be reached: ${why}${said === '' ? '' : ` (${said})`}`,
    {
      cause: error,
    },
  );
}
