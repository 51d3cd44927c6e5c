import type { Algorithms, Client, ConnectConfig } from 'ssh2';
import { chooseAlgorithms } from './algorithms.js';
import type { Deadline } from './deadline.js';
import { checkHostKey, type HostKnowledge } from './host-keys.js';
import { cleanText } from './remote-text.js';
import type { ResolvedHost } from './resolved-host.js';
import { authFailure, planAuth, type AuthPlan } from './ssh-auth.js';
import { SshError } from './ssh-error.js';
import { describeKey } from './explain.js';
import type { Reached } from './ssh-reach.js';
import { hasSpoken, silenceMs } from './ssh-socket.js';
import { loadSsh2, supportedAlgorithms } from './ssh2.js';
import type { Trail } from './trail.js';

const handshakePatienceMs = 10_000;
const defaultKeepAliveMs = 10_000;
const keepAlivesMissed = 3;

/** All that is looked up on this machine; nothing has been sent yet. */
export interface Prepared {
  readonly knowledge: HostKnowledge;
  readonly auth: AuthPlan;
  readonly algorithms: Algorithms;
  readonly makeClient: () => Client;
}

export async function prepareLogIn(host: ResolvedHost, knowledge: HostKnowledge): Promise<Prepared> {
  const [auth, supported, ssh2] = await Promise.all([planAuth(host), supportedAlgorithms(), loadSsh2()]);
  const algorithms = chooseAlgorithms(host, supported, [...knowledge.keys, ...knowledge.portless]);
  return { knowledge, auth, algorithms, makeClient: () => new ssh2.Client() };
}

/** The handshake: keys exchanged, host key checked, user logged in. */
export async function logIn(
  host: ResolvedHost,
  prepared: Prepared,
  { socket, slot }: Reached,
  deadline: Deadline,
  trail: Trail,
): Promise<Client> {
  const spoke = await slot.during(deadline.race(hasSpoken(socket.stream, 3 * silenceMs)), silenceMs);
  const client = prepared.makeClient();
  client.on('error', () => undefined);
  try {
    const shaking = shakeHands(client, host, prepared, socket.stream, trail);
    await slot.during(deadline.race(shaking), spoke ? handshakePatienceMs : silenceMs);
    return client;
  } catch (error) {
    client.destroy();
    throw error instanceof SshError ? error : handshakeFailure(host, error as Error, await socket.said());
  }
}

function shakeHands(
  client: Client,
  host: ResolvedHost,
  { knowledge, auth, algorithms }: Prepared,
  sock: NonNullable<ConnectConfig['sock']>,
  trail: Trail,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let refusal: SshError | null = null;
    let allowed: readonly string[] = [];
    let next = 0;
    client.on('ready', resolve);
    client.on('error', (error) => {
      if (isPassing(error)) {
        trail.add('signing', error.message);
        return;
      }
      reject(refusal ?? (isAuthFailure(error) ? authFailure(host, auth, allowed) : error));
    });
    client.on('close', () => reject(refusal ?? new Error('it closed the connection')));
    client.connect({
      sock,
      username: host.user,
      algorithms,
      readyTimeout: 0, // the deadline is ours
      keepaliveInterval: host.keepAliveMs ?? defaultKeepAliveMs,
      keepaliveCountMax: keepAlivesMissed,
      strictVendor: false, // other servers forward unix sockets too, and one that does not refuses
      hostVerifier: (key: Buffer) => {
        refusal = checkHostKey(host, knowledge, key);
        trail.add('host key', describeKey(key, refusal === null));
        return refusal === null;
      },
      authHandler: (left, _partial, proceed) => {
        if (Array.isArray(left)) allowed = left;
        if (next > 0) trail.add(`login with ${auth.offered[next - 1] ?? 'no key'}`, refusedBy(left));
        const method = auth.methods[next++];
        proceed(method ?? (false as never));
      },
    });
  });
}

/** Servers never say why they take a key not; only what else they take. */
function refusedBy(left: unknown): string {
  return Array.isArray(left) ? `refused by the server, which takes ${left.join(', ')}` : 'not possible';
}

/** A key that could not sign; the next one is tried. */
function isPassing(error: Error): boolean {
  return levelOf(error) === 'agent' || /^Error (while )?signing/.test(error.message);
}

function isAuthFailure(error: Error): boolean {
  return levelOf(error) === 'client-authentication' || /authentication failures/i.test(error.message);
}

function levelOf(error: Error): unknown {
  return Reflect.get(error, 'level');
}

function handshakeFailure(host: ResolvedHost, error: Error, said: string): SshError {
  const why = /Connection lost before handshake/.test(error.message)
    ? 'it closed the connection before it said anything; is that an SSH server, or has it too many connections?'
    : cleanText(error.message);
  const words = said === '' ? '' : ` (${said})`;
  return new SshError('network', `${host.address} cannot be reached: ${why}${words}`, { cause: error });
}
