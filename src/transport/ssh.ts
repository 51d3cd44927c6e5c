import type { ResolvedHost } from './resolved-host.js';
import type { Connection } from './transport.js';

/** One SSH connection. Rejects with SshError (an UnreachableError) that says what to do. */
export function connectSsh(
  host: ResolvedHost,
  options: { readonly deadlineMs: number; readonly signal?: AbortSignal },
): Promise<Connection> {
  return Promise.reject(new Error(`not built yet: ${host.address} ${options.deadlineMs}`));
}
