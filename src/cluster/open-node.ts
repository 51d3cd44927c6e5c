import { startDeadline } from '../transport/deadline.js';
import { connectSsh } from '../transport/ssh.js';
import { resolveHost } from '../transport/ssh-config.js';
import type { Connection } from '../transport/transport.js';

/** An SSH connection to an address of the map, for a command or two. Rejects with UnreachableError. */
export async function openNode(
  address: string,
  options: { readonly env: NodeJS.ProcessEnv; readonly deadlineMs: number },
): Promise<Connection> {
  const deadline = startDeadline(address, options.deadlineMs);
  try {
    const host = await deadline.race(resolveHost(address, options.env));
    return await connectSsh(host, { deadlineMs: deadline.remainingMs(), signal: deadline.signal });
  } finally {
    deadline.clear();
  }
}
