import { text } from 'node:stream/consumers';
import type { Connection } from '../../src/transport/transport.js';

/** Runs a command to its end over a connection. */
export async function execText(
  connection: Connection,
  command: string,
  input = '',
): Promise<{
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: string | null;
}> {
  const channel = await connection.exec(command);
  channel.stdin.end(input);
  const [stdout, stderr, end] = await Promise.all([
    text(channel.stdout),
    text(channel.stderr),
    channel.ended,
  ]);
  return { stdout, stderr, ...end };
}
