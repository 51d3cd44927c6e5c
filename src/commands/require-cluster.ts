import { existsSync } from 'node:fs';
import type { MosdClient } from '../cluster/mosd-client.js';
import { MoskitError } from '../errors.js';
import { resolvePaths } from '../paths.js';

/** Throws openMosix's `This is not openMosix!` where no map was ever loaded; spares starting mosd to hear that. */
export function requireMap(env: NodeJS.ProcessEnv): void {
  if (!existsSync(resolvePaths(env).map)) throw notInCluster(env);
}

/** The same where mosd runs but has no node number: before `setpe -w`, or after `setpe -off`. */
export async function requireMembership(client: MosdClient, env: NodeJS.ProcessEnv): Promise<void> {
  const { node } = await client.request('ping', {});
  if (node === 0) throw notInCluster(env);
}

export function notInCluster(env: NodeJS.ProcessEnv): MoskitError {
  return new MoskitError(
    `This is not openMosix! No map of the cluster is loaded (${resolvePaths(env).map})`,
    {
      hint: "write one line 'NUMBER ADDRESS 1' for each machine into a file and load it: setpe -w -f FILE",
    },
  );
}
