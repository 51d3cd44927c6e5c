import { createServer, connect, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Both ends of a connected unix socket, destroyed when the running test is over. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const folder = await mkdtemp(join(tmpdir(), 'moskit-pair-'));
  const server = createServer({ allowHalfOpen: true });
  const path = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const ends = [connect({ path, allowHalfOpen: true }), await accepted] as const;
  for (const end of ends) end.on('error', () => undefined);
  server.close();
  onTestFinished(async () => {
    for (const end of ends) end.destroy();
    await rm(folder, { recursive: true, force: true });
  });
  return ends;
}
