import { MoskitError, UnreachableError, type ErrorDetails } from '../errors.js';

export type SshProblem =
  /** The SSH configuration or a tool it needs. */
  | 'config'
  /** The host key is unknown, changed or revoked. */
  | 'host-key'
  | 'auth'
  | 'network'
  | 'timeout'
  /** An open connection ended. */
  | 'closed';

/** A host cannot be reached by SSH; `problem` tells the cases apart, `hint` says what to do. */
export class SshError extends UnreachableError {
  readonly problem: SshProblem;

  constructor(problem: SshProblem, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.problem = problem;
  }
}

/** The other side is there, but does not open this channel: forwarding is not allowed, or nobody listens. */
export class ChannelRefusedError extends MoskitError {
  override readonly code = 'channel-refused';
}
