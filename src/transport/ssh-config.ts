import type { ResolvedHost } from './resolved-host.js';

/** What the SSH configuration says of `address`; MOSKIT_SSH_CONFIG in `env` is the file given to `ssh -F`. */
export function resolveHost(address: string, env: NodeJS.ProcessEnv): Promise<ResolvedHost> {
  return Promise.reject(new Error(`not built yet: ${address} ${String(env['HOME'])}`));
}
