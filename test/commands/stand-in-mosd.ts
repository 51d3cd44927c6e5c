import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ToolMethods } from '../../src/protocol/messages.js';
import { acceptChannel } from '../../src/protocol/open-channel.js';
import { Rpc } from '../../src/protocol/rpc.js';
import { MoskitError } from '../../src/errors.js';
import { resolvePaths } from '../../src/paths.js';

export type Answers = {
  [M in keyof ToolMethods]?: (params: ToolMethods[M][0]) => ToolMethods[M][1] | Promise<ToolMethods[M][1]>;
};

export interface StandIn {
  /** Environment in which the tools find it. */
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  /** Every request so far. */
  readonly asked: readonly { readonly method: string; readonly params: unknown }[];
  close(): Promise<void>;
}

/** Something that greets and answers as mosd does, with answers that the test chose. */
export async function startStandIn(answers: Answers): Promise<StandIn> {
  const folder = mkdtempSync(join(tmpdir(), 'moskit-tools-'));
  const env: NodeJS.ProcessEnv = { ...process.env, MOSKIT_DIR: folder };
  const { socket } = resolvePaths(env);
  const asked: { method: string; params: unknown }[] = [];
  const open = new Set<Socket>();
  const table: Answers = { ping: () => ({ version: 'stand-in', pid: process.pid, node: 1 }), ...answers };
  const server = createServer((stream) => {
    open.add(stream);
    stream.on('error', () => undefined);
    stream.once('close', () => open.delete(stream));
    void acceptChannel(stream, { socket, timeoutMs: 5000 }).then(
      () => {
        new Rpc(stream, {
          peerName: 'tool',
          onRequest: async (method, params) => {
            asked.push({ method, params });
            const answer = table[method as keyof ToolMethods] as ((given: unknown) => unknown) | undefined;
            if (!answer) throw new MoskitError(`the stand-in has no answer to '${method}'`);
            return await answer(params);
          },
        });
      },
      () => stream.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    env,
    folder,
    asked,
    close: async () => {
      for (const stream of open) stream.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
