import { ProtocolError, UnreachableError } from '../errors.js';
import { cleanText, keepTail } from '../transport/remote-text.js';
import type { Connection } from '../transport/transport.js';

/**
 * A script for the other side's `sh`, whatever the login shell is: in single quotes bash, dash, zsh, fish and csh
 * agree on everything but these four characters, so a script has none of them.
 */
export function shCommand(script: string): string {
  if (/['\\!\n]/.test(script)) throw new Error(`not a script that every login shell passes on: ${script}`);
  return `exec sh -c '${script}'`;
}

/** Folder of all copies of the program on a node. MOSKIT_DIR is not asked: it is this side's. */
export const programsFolder = '"${XDG_DATA_HOME:-$HOME/.local/share}/moskit"';

export interface RemoteResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const maxAnswerBytes = 64 * 1024;

/** Runs a short script to its end; `input` goes to its stdin. */
export async function runRemote(
  connection: Connection,
  script: string,
  options: { readonly name: string; readonly timeoutMs: number; readonly input?: Buffer },
): Promise<RemoteResult> {
  const channel = await connection.exec(shCommand(script));
  const stderr = keepTail(channel.stderr);
  const timer = setTimeout(() => channel.close(), options.timeoutMs);
  try {
    channel.stdin.on('error', () => undefined);
    channel.stdin.end(options.input);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of channel.stdout as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) throw new ProtocolError(`${options.name} says too much`);
    }
    const { code } = await channel.ended;
    return { code, stdout: Buffer.concat(chunks).toString('utf8'), stderr: cleanText(stderr()) };
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new UnreachableError(`${options.name} did not finish a command`, { cause: error });
  } finally {
    clearTimeout(timer);
    channel.close();
  }
}
