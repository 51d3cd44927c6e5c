import { openMosdSocket } from '../cluster/mosd-client.js';
import { UnreachableError } from '../errors.js';

/** Joins stdin and stdout to this machine's mosd, starting it if needed: what home runs on a node through SSH. */
export async function runBridge(): Promise<void> {
  const socket = await openMosdSocket({ start: true });
  if (!socket) throw new UnreachableError('mosd does not start');
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  process.stdout.on('error', () => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  process.stdin.destroy();
}
