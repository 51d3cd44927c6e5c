import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { readIdentity, type Identity } from './identity-file.js';
import type { ResolvedHost } from './resolved-host.js';
import { fingerprint } from './host-keys.js';
import { shellWord } from './shell-word.js';
import { SshError } from './ssh-error.js';
import { listAgentKeys, narrowAgent, type AgentKeys } from './ssh-agent.js';

/** The keys to offer, in order, and what is to be said when none is taken. */
export interface AuthPlan {
  readonly methods: readonly AnyAuthMethod[];
  /** One phrase per key that is offered. */
  readonly offered: readonly string[];
  /** One phrase per key that cannot be. */
  readonly left: readonly string[];
  /** What would help, best first. */
  readonly hints: readonly string[];
}

/**
 * As ssh does: keys of the agent that the configuration names, in its order; other keys of the agent unless
 * IdentitiesOnly; then keys that are in files only. Nothing is ever asked: a key that needs a passphrase must be in
 * the agent.
 */
export async function planAuth(host: ResolvedHost): Promise<AuthPlan> {
  const [agent, identities] = await Promise.all([
    listAgentKeys(host.agentSocket),
    Promise.all(host.identityFiles.map(readIdentity)),
  ]);
  const agentKeys = orderAgentKeys(agent.keys, identities, host.identitiesOnly);
  const inAgent = (identity: Identity): boolean =>
    'publicKey' in identity &&
    agentKeys.some((key) => identity.publicKey?.equals(key.getPublicSSH()) === true);
  const fileKeys = identities.filter((identity) => identity.kind === 'ready').filter((key) => !inAgent(key));
  const methods: AnyAuthMethod[] = [];
  if (agent.agent && agentKeys.length > 0) {
    // One method for each, so that of each is known what became of it.
    for (const key of agentKeys)
      methods.push({ type: 'agent', username: host.user, agent: await narrowAgent(agent.agent, [key]) });
  }
  for (const { privateKey } of fileKeys) {
    methods.push({ type: 'publickey', username: host.user, key: privateKey });
  }
  // Servers that know the user by other means (a VPN's own sshd) take `none`; others only say what they take.
  methods.push({ type: 'none', username: host.user });
  const useless = identities.filter((identity) => !inAgent(identity));
  return {
    methods,
    offered: [
      ...agentKeys.map((key) => `${fingerprint(key.getPublicSSH())} of the agent`),
      ...fileKeys.map((key) => key.file),
    ],
    left: [...useless.flatMap(describeUseless), ...(agent.problem === null ? [] : [agent.problem])],
    hints: adviseKeys(useless, agent),
  };
}

function orderAgentKeys(
  keys: readonly ParsedKey[],
  identities: readonly Identity[],
  identitiesOnly: boolean,
): readonly ParsedKey[] {
  const named = identities.flatMap((identity) =>
    'publicKey' in identity ? keys.filter((key) => identity.publicKey?.equals(key.getPublicSSH())) : [],
  );
  return [...new Set([...named, ...(identitiesOnly ? [] : keys)])];
}

function describeUseless(identity: Identity): readonly string[] {
  if (identity.kind === 'unusable') return [`${identity.file}: ${identity.why}`];
  if (identity.kind !== 'agent-only') return [];
  switch (identity.why) {
    case 'encrypted':
      return [`${identity.file} is encrypted and not in the agent`];
    case 'hardware key':
      return [`${identity.file} is a key on a hardware token, which moskit cannot use`];
    case 'public half only':
      return [`${identity.file} is a public key whose private half is not in the agent`];
  }
}

function adviseKeys(useless: readonly Identity[], agent: AgentKeys): readonly string[] {
  const encrypted = useless.filter(
    (identity) => identity.kind === 'agent-only' && identity.why === 'encrypted',
  );
  if (encrypted.length === 0) return [];
  const add = `ssh-add ${encrypted.map((identity) => shellWord(identity.file)).join(' ')}`;
  return [agent.agent === null ? `eval "$(ssh-agent)"; ${add}` : add];
}

/** The error when the server took none of the keys. */
export function authFailure(host: ResolvedHost, plan: AuthPlan, allowed: readonly string[]): SshError {
  const who = `${host.user}@${host.hostName}${host.port === 22 ? '' : ` port ${host.port}`}`;
  const left = plan.left.length === 0 ? '' : ` (${plan.left.join('; ')})`;
  const copy = `ssh-copy-id -p ${host.port} ${shellWord(`${host.user}@${host.hostName}`)}`;
  if (allowed.length > 0 && !allowed.includes('publickey')) {
    return new SshError('auth', `${host.address}: ${who} takes no keys, only ${allowed.join(', ')}`, {
      hint: 'moskit logs in with keys only: allow PubkeyAuthentication there',
    });
  }
  if (plan.offered.length === 0) {
    return new SshError('auth', `${host.address}: there is no key to log in with as ${who}${left}`, {
      hint: plan.hints[0] ?? `make a key with ssh-keygen, then: ${copy}`,
    });
  }
  return new SshError(
    'auth',
    `${host.address}: ${who} took none of the keys: ${plan.offered.join(', ')}${left}`,
    { hint: plan.hints[0] ?? copy },
  );
}
