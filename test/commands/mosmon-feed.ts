import { createServer, type Socket } from 'node:net';
import type { ClusterSnapshot } from '../../src/core/cluster-map.js';
import { resolvePaths } from '../../src/paths.js';
import type { MoveOutcome } from '../../src/protocol/messages.js';
import { acceptChannel } from '../../src/protocol/open-channel.js';
import { Rpc } from '../../src/protocol/rpc.js';

export interface Feed {
  /** Every migrate request so far. */
  readonly asked: readonly unknown[];
  push(snapshot: ClusterSnapshot): void;
  close(): Promise<void>;
}

/** Pushes what the test says, as mosd would, and answers a migrate. */
export async function startFeed(
  env: NodeJS.ProcessEnv,
  first: ClusterSnapshot,
  outcome: MoveOutcome,
): Promise<Feed> {
  const { socket } = resolvePaths(env);
  const asked: unknown[] = [];
  const open = new Set<Socket>();
  const watchers = new Set<Rpc>();
  let latest = first;
  const server = createServer((stream) => {
    open.add(stream);
    stream.on('error', () => undefined);
    stream.once('close', () => open.delete(stream));
    void acceptChannel(stream, { socket, timeoutMs: 5000 }).then(
      () => {
        const rpc: Rpc = new Rpc(stream, {
          peerName: 'mosmon',
          onRequest: (method, params) => {
            if (method === 'migrate') asked.push(params);
            if (method === 'watch') {
              watchers.add(rpc);
              setImmediate(() => rpc.notify('snapshot', latest));
            }
            const answers: Readonly<Record<string, unknown>> = { migrate: outcome, status: latest };
            return Promise.resolve(answers[method] ?? {});
          },
        });
        void rpc.closed.then(() => watchers.delete(rpc));
      },
      () => stream.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    asked,
    push: (snapshot) => {
      latest = snapshot;
      for (const rpc of watchers) rpc.notify('snapshot', snapshot);
    },
    close: async () => {
      for (const stream of open) stream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
