import { messageOf } from '../errors.js';
import type { Deadline } from './deadline.js';
import { handshakeGate, type HandshakeSlot } from './handshake-gate.js';
import { borrowJump, type BorrowedJump } from './jump-pool.js';
import type { ResolvedHost } from './resolved-host.js';
import type { SshConnection } from './ssh-connection.js';
import { SshError } from './ssh-error.js';
import { openCommandSocket, openTcpSocket, silenceMs, type SshSocket } from './ssh-socket.js';

/** A host that can be greeted: the bytes to it, and a place among the handshakes. */
export interface Reached {
  readonly socket: SshSocket;
  readonly slot: HandshakeSlot;
  /** Gives back what the way there needed; to be called once the connection is over. */
  readonly release: () => void;
}

type Connect = (host: ResolvedHost, options: { readonly deadlineMs: number }) => Promise<SshConnection>;

/** Opens the way to a host. The handshake of a jump host is over before a place for this one is taken. */
export async function reachHost(host: ResolvedHost, deadline: Deadline, connect: Connect): Promise<Reached> {
  const { via } = host;
  if (via.kind === 'jump') {
    const jump = await borrow(via.host, deadline, connect);
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

async function borrow(host: ResolvedHost, deadline: Deadline, connect: Connect): Promise<BorrowedJump> {
  const borrowed = borrowJump(host, () => connect(host, { deadlineMs: deadline.remainingMs() }));
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
    const stream = await deadline.race(opening);
    deadline.signal.addEventListener('abort', () => stream.destroy(), { once: true });
    return { stream, said: () => Promise.resolve('') };
  } catch (error) {
    void opening.then(
      (stream) => stream.destroy(),
      () => undefined,
    );
    if (error instanceof SshError && error.problem === 'timeout') throw error;
    const why = messageOf(error);
    throw new SshError('network', `${host.address} cannot be reached through ${through.address}: ${why}`, {
      cause: error,
    });
  }
}
