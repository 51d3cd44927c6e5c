import { type OtherProtocolError, UnreachableError } from '../errors.js';
import { magic } from '../protocol/handshake.js';
import type { Connection } from '../transport/transport.js';
import { version } from '../version.js';
import { shCommand } from './remote-shell.js';

const maxAnswerBytes = 64 * 1024;
const marker = 'moskit-any-command';

/**
 * Is the bridge all that our key may start there (`command="moskit bridge"` in authorized_keys)? Then any command is
 * answered by mosd's greeting.
 */
export async function mayOnlyBridge(connection: Connection, timeoutMs: number): Promise<boolean> {
  const channel = await connection.exec(shCommand(`echo ${marker}`));
  const timer = setTimeout(() => channel.close(), timeoutMs);
  try {
    let answer = '';
    for await (const chunk of channel.stdout as AsyncIterable<Buffer>) {
      answer += chunk.toString('latin1');
      if (answer.includes(marker) || answer.length > maxAnswerBytes) return false;
      if (answer.includes(magic)) return true;
    }
  } catch {
    // no answer is none that the bridge gave
  } finally {
    clearTimeout(timer);
    channel.close();
  }
  return false;
}

/** Why a moskit of another protocol answers, and what to do: nothing can be copied to where only the bridge may be started. */
export async function explainOtherProtocol(
  connection: Connection,
  error: OtherProtocolError,
  options: { readonly name: string; readonly timeoutMs: number },
): Promise<UnreachableError> {
  const { name } = options;
  const runs = `${name} runs moskit ${error.theirs} (protocol ${error.protocol}), this is moskit ${version}`;
  if (await mayOnlyBridge(connection, options.timeoutMs)) {
    return new UnreachableError(`${runs}, and this key may only run 'moskit bridge' there`, {
      hint: `install moskit ${version} on ${name} yourself, then run 'moskit stop' there`,
      cause: error,
    });
  }
  return new UnreachableError(runs, {
    hint: `run 'moskit stop' on ${name}: its jobs go on, and the next mosd there is this version's`,
    cause: error,
  });
}
