import { startDeadline, type Deadline } from './deadline.js';
import { describeAuth, describeKnowledge } from './explain.js';
import { findHostKeys, needsCertificate } from './host-keys.js';
import { connectOpenssh } from './openssh.js';
import type { ResolvedHost } from './resolved-host.js';
import { wrapClient, type SshConnection } from './ssh-connection.js';
import { logIn, prepareLogIn } from './ssh-login.js';
import { reachHost } from './ssh-reach.js';
import { Trail } from './trail.js';

export interface ConnectOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Is told every step. */
  readonly trail?: Trail;
}

/** One SSH connection. Rejects with SshError (an UnreachableError) that says what to do. */
export async function connectSsh(host: ResolvedHost, options: ConnectOptions): Promise<SshConnection> {
  const limitMs = Math.min(options.deadlineMs, host.connectTimeoutMs ?? Infinity);
  const deadline = startDeadline(host.address, limitMs, options.signal);
  try {
    return await connectBefore(host, deadline, options.trail ?? new Trail());
  } finally {
    deadline.clear();
  }
}

async function connectBefore(host: ResolvedHost, deadline: Deadline, trail: Trail): Promise<SshConnection> {
  const knowledge = await deadline.race(findHostKeys(host));
  trail.add('known host keys', describeKnowledge(knowledge));
  if (needsCertificate(knowledge)) {
    trail.add('connection', "made by the system's ssh, which can check the host's certificate");
    return connectOpenssh(host, deadline);
  }
  const prepared = await deadline.race(prepareLogIn(host, knowledge));
  trail.add('keys to log in with', describeAuth(host, prepared.auth));
  const reached = await reachHost(host, deadline, connectSsh);
  trail.add('connection', 'open');
  try {
    const client = await logIn(host, prepared, reached, deadline, trail);
    trail.add('login', 'done');
    return wrapClient(client, reached.socket.stream, host.address, reached.release);
  } catch (error) {
    reached.socket.stream.destroy();
    reached.release();
    throw error;
  } finally {
    reached.slot.leave();
  }
}
