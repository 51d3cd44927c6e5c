import type { ResolvedHost } from './resolved-host.js';
import type { SshConnection } from './ssh-connection.js';

interface Shared {
  readonly connection: Promise<SshConnection>;
  users: number;
}

/** One connection to a jump host serves all the hosts behind it; it is closed with the last of them. */
const shared = new Map<string, Shared>();

export interface BorrowedJump {
  readonly connection: SshConnection;
  readonly giveBack: () => void;
}

export async function borrowJump(
  host: ResolvedHost,
  connect: () => Promise<SshConnection>,
): Promise<BorrowedJump> {
  const key = JSON.stringify(host);
  const entry = shared.get(key) ?? start(key, connect);
  entry.users += 1;
  let borrowed = true;
  const giveBack = (): void => {
    if (!borrowed) return;
    borrowed = false;
    entry.users -= 1;
    if (entry.users > 0) return;
    if (shared.get(key) === entry) shared.delete(key);
    void entry.connection.then(
      (connection) => connection.close(),
      () => undefined,
    );
  };
  try {
    return { connection: await entry.connection, giveBack };
  } catch (error) {
    giveBack();
    throw error;
  }
}

function start(key: string, connect: () => Promise<SshConnection>): Shared {
  const entry: Shared = { connection: connect(), users: 0 };
  shared.set(key, entry);
  const forget = (): void => {
    if (shared.get(key) === entry) shared.delete(key);
  };
  entry.connection.then((connection) => connection.closed.then(forget), forget);
  return entry;
}
