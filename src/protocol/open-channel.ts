import type { Duplex } from 'node:stream';
import { plainText } from '../core/plain-text.js';
import { ProtocolError } from '../errors.js';
import { formatHello, readHello, type Hello } from './handshake.js';
import { readLine } from './lines.js';
import type { Opening } from './messages.js';

const maxOpeningBytes = 64 * 1024;

/**
 * The opener's side of a channel to mosd: greet, hear the greeting, say what the channel is for. mosd answers the
 * opening with one line, `{"ok":true}` or `{"error":…}`, except for rpc, whose errors travel as messages.
 */
export async function openChannel(
  stream: Duplex,
  opening: Opening,
  options: { readonly role: string; readonly timeoutMs: number },
): Promise<Hello> {
  stream.write(formatHello({ role: options.role }) + `${JSON.stringify(opening)}\n`);
  return readHello(stream, { timeoutMs: options.timeoutMs });
}

/** mosd's side: greet, hear the greeting and the opening. The caller validates the opening. */
export async function acceptChannel(
  stream: Duplex,
  options: { readonly socket: string; readonly timeoutMs: number },
): Promise<{ readonly hello: Hello; readonly opening: unknown }> {
  stream.write(formatHello({ role: 'mosd', socket: options.socket }));
  const hello = await readHello(stream, { timeoutMs: options.timeoutMs, strict: true });
  const line = await readLine(stream, { limit: maxOpeningBytes, timeoutMs: options.timeoutMs });
  try {
    return { hello, opening: JSON.parse(line.toString('utf8')) as unknown };
  } catch {
    throw new ProtocolError('a damaged opening line was sent');
  }
}

/** Reads the one-line answer to an `io` or `bulk` opening. */
export async function readGo(stream: Duplex, timeoutMs: number): Promise<void> {
  const line = await readLine(stream, { limit: maxOpeningBytes, timeoutMs });
  const answer = parseGo(line);
  if (answer.error !== undefined) throw new ProtocolError(answer.error);
}

function parseGo(line: Buffer): { readonly error?: string } {
  try {
    const value = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
    if (value['ok'] === true) return {};
    return {
      error:
        typeof value['error'] === 'string' ? plainText(value['error'], 2000) : 'refused without a reason',
    };
  } catch {
    return { error: 'a damaged answer was sent' };
  }
}
