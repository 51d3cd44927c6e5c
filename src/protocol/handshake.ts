import type { Duplex } from 'node:stream';
import { plainText } from '../core/plain-text.js';
import { OtherProtocolError, ProtocolError } from '../errors.js';
import { protocolVersion, version } from '../version.js';
import { readLine } from './lines.js';

/**
 * Both sides start with one line: the magic, then JSON. Login scripts may have written to stdout before it, so the
 * caller skips what does not carry the magic, up to a limit.
 */
export const magic = 'moskit\u0001';
const maxNoiseBytes = 64 * 1024;
const maxHelloBytes = 16 * 1024;

export interface Hello {
  readonly protocol: number;
  readonly version: string;
  /** What the speaker is: `mosd`, `tool`, `home`. */
  readonly role: string;
  /** Path of mosd's socket on its machine: the way to further channels of the same connection. */
  readonly socket?: string;
}

export function formatHello(hello: Omit<Hello, 'protocol' | 'version'>): string {
  return `${magic}${JSON.stringify({ protocol: protocolVersion, version, ...hello })}\n`;
}

/** Reads the other side's hello. `noise` lines before it are skipped; `strict` allows none. */
export async function readHello(
  stream: Duplex,
  options: { readonly timeoutMs: number; readonly strict?: boolean },
): Promise<Hello> {
  const deadline = performance.now() + options.timeoutMs;
  const noise: string[] = [];
  for (let skipped = 0; skipped <= maxNoiseBytes;) {
    const line = (
      await readLine(stream, {
        limit: maxHelloBytes,
        timeoutMs: Math.max(1, deadline - performance.now()),
      }).catch((error: unknown) => {
        throw withNoise(error, noise);
      })
    ).toString('utf8');
    const at = line.indexOf(magic);
    if (at >= 0) return parseHello(line.slice(at + magic.length));
    if (options.strict) break;
    noise.push(line);
    skipped += line.length + 1;
  }
  throw withNoise(new ProtocolError('the other side does not speak moskit'), noise);
}

function withNoise(error: unknown, noise: readonly string[]): unknown {
  if (!(error instanceof ProtocolError) || noise.length === 0) return error;
  const said = noise
    .slice(-3)
    .join(' | ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
  return new ProtocolError(`${error.message} (it said: ${said})`);
}

function parseHello(text: string): Hello {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError('the other side sent a damaged greeting');
  }
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const { protocol, version: theirs, role, socket } = fields;
  if (typeof protocol !== 'number' || typeof theirs !== 'string' || typeof role !== 'string') {
    throw new ProtocolError('the other side sent a damaged greeting');
  }
  if (protocol !== protocolVersion)
    throw new OtherProtocolError(plainText(theirs, 40), protocol, protocolVersion);
  return { protocol, version: theirs, role, ...(typeof socket === 'string' ? { socket } : {}) };
}
