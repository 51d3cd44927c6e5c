import { startDeadline, type Deadline } from './deadline.js';
import { findHostKeys, needsCertificate } from './host-keys.js';
import { connectOpenssh } from './openssh.js';
import type { ResolvedHost } from './resolved-host.js';
import { wrapClient, type SshConnection } from './ssh-connection.js';
import { logIn, prepareLogIn } from './ssh-login.js';
import { reachHost } from './ssh-reach.js';

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
  const knowledge = await deadline.race(findHostKeys(host));
  if (needsCertificate(knowledge)) return connectOpenssh(host, deadline);
  const prepared = await deadline.race(prepareLogIn(host, knowledge));
  const reached = await reachHost(host, deadline, connectSsh);
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
