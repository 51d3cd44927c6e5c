import { fingerprint, type HostKnowledge } from './host-keys.js';
import type { ResolvedHost } from './resolved-host.js';
import type { AuthPlan } from './ssh-auth.js';
import { SshError } from './ssh-error.js';

/** What the SSH configuration makes of an address. */
export function describeHost(host: ResolvedHost, env: NodeJS.ProcessEnv): string {
  const file = env['MOSKIT_SSH_CONFIG'];
  const read = file === undefined || file === '' ? 'ssh -G' : `ssh -G -F ${file}`;
  return `${host.address} is ${loginOf(host)}, ${describeWay(host)} (as ${read} says)`;
}

function loginOf({ user, hostName, port }: ResolvedHost): string {
  return `${user}@${hostName} port ${port}`;
}

function describeWay({ via }: ResolvedHost): string {
  if (via.kind === 'direct') return 'reached directly';
  // A ProxyCommand may have a password in it.
  return via.kind === 'jump' ? `through ${loginOf(via.host)}` : 'through a ProxyCommand';
}

export function describeKnowledge({ keys, portless }: HostKnowledge): string {
  const known = [...keys, ...portless];
  if (known.length === 0) return 'none';
  return known.map((key) => `${key.type} in ${key.file}:${key.line}`).join(', ');
}

export function describeAuth(host: ResolvedHost, plan: AuthPlan): string {
  const agent =
    host.agentSocket === null ? 'no ssh-agent (SSH_AUTH_SOCK is not set)' : `agent ${host.agentSocket}`;
  const offered = plan.offered.length === 0 ? 'no key to offer' : plan.offered.join(', ');
  const left = plan.left.length === 0 ? '' : `; not used: ${plan.left.join('; ')}`;
  return `${agent}; ${offered}${left}`;
}

export function describeKey(key: Buffer, isTaken: boolean): string {
  return `${fingerprint(key)} ${isTaken ? 'is the known one' : 'is refused'}`;
}

/** What to try, by what the connection failed for. */
export function adviceOf(error: unknown): readonly string[] {
  return error instanceof SshError ? advice[error.problem].map((line) => `try: ${line}`) : [];
}

const advice: Readonly<Record<SshError['problem'], readonly string[]>> = {
  config: ['ssh -G HOST shows what the configuration makes of the name'],
  'host-key': [
    'ssh-keygen -F HOST shows which key is known, and in which file',
    'compare the fingerprint on the machine itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  ],
  auth: [
    'ssh-add -l shows the keys of the agent; ssh-add adds one; ssh-copy-id USER@HOST makes a key known there',
    'mosd asks the agent of the shell that started it: after a new login, moskit stop; the next command starts it anew',
    'on the machine: the log of sshd (journalctl -u ssh) says why; ~/.ssh must be 0700, authorized_keys 0600',
  ],
  network: ['is the machine on, does its name resolve, is the port right? ssh -v HOST shows the same way'],
  timeout: ['a firewall that drops packets, or a machine that is overloaded or asleep? ssh -v HOST'],
  closed: ['its sshd, or the network between, ended the connection: journalctl -u ssh there'],
};
