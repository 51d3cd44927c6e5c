import type {
  BaseAgent,
  IdentityCallback,
  OpenSSHAgent,
  ParsedKey,
  SignCallback,
  SigningRequestOptions,
} from 'ssh2';
import { loadSsh2 } from './ssh2.js';

const agentTimeoutMs = 5000;

/** The keys an ssh-agent holds; an empty list with `problem` when it does not answer. */
export interface AgentKeys {
  readonly keys: readonly ParsedKey[];
  readonly agent: OpenSSHAgent | null;
  readonly problem: string | null;
}

export async function listAgentKeys(socket: string | null): Promise<AgentKeys> {
  if (socket === null) return { keys: [], agent: null, problem: null };
  const { OpenSSHAgent } = await loadSsh2();
  const agent = new OpenSSHAgent(socket);
  return new Promise((resolve) => {
    const fail = (why: string): void =>
      resolve({ keys: [], agent: null, problem: `the agent at ${socket} ${why}` });
    const timer = setTimeout(() => fail('does not answer'), agentTimeoutMs);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error) fail('cannot be asked (is it running?)');
      else resolve({ keys: (keys ?? []) as ParsedKey[], agent, problem: null });
    });
  });
}

/** An agent that shows only `keys`, in their order: ssh2 offers all that its agent shows. */
export async function narrowAgent(agent: OpenSSHAgent, keys: readonly ParsedKey[]): Promise<BaseAgent> {
  const { BaseAgent: Base } = await loadSsh2();
  class Narrowed extends Base<ParsedKey> {
    override getIdentities(callback: IdentityCallback<ParsedKey>): void {
      callback(undefined, [...keys]);
    }
    override sign(
      key: ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      if (typeof options === 'function') agent.sign(key, data, options);
      else agent.sign(key, data, options, callback);
    }
  }
  return new Narrowed();
}
