import { Duplex } from 'node:stream';
import { MoskitError, OtherProtocolError, ProtocolError, messageOf } from '../errors.js';
import { readHello, type Hello } from '../protocol/handshake.js';
import { cleanText, keepTail } from '../transport/remote-text.js';
import type { Connection, ExecChannel } from '../transport/transport.js';
import { programPath, type Program } from './install.js';
import { shCommand } from './remote-shell.js';

/** What starting the bridge on a node came to. */
export type Greeting =
  | { readonly kind: 'greeted'; readonly hello: Hello; readonly stream: Duplex; close(): void }
  | { readonly kind: 'no-node' }
  | { readonly kind: 'no-program' }
  /** It ended before it greeted. */
  | { readonly kind: 'failed'; readonly code: number | null; readonly said: string };

const noNodeCode = 190;
const noProgramCode = 191;
const endingMs = 2000;

/** Finds Node.js and the program on the node and starts the bridge to its mosd, in one command. */
export async function startBridge(
  connection: Connection,
  program: Program,
  options: { readonly nodeJs: string | null; readonly timeoutMs: number },
): Promise<Greeting> {
  const channel = await connection.exec(bridgeCommand(program, options.nodeJs));
  const said = keepTail(channel.stderr);
  const stream = duplexOf(channel);
  try {
    const hello = await readHello(stream, { timeoutMs: options.timeoutMs });
    return { kind: 'greeted', hello, stream, close: () => channel.close() };
  } catch (error) {
    if (error instanceof OtherProtocolError) {
      channel.close();
      throw error;
    }
    const end = await endOf(channel);
    channel.close();
    if (end?.code === noNodeCode) return { kind: 'no-node' };
    if (end?.code === noProgramCode) return { kind: 'no-program' };
    if (end && isEnd(error)) return { kind: 'failed', code: end.code, said: cleanText(said()) };
    throw withWords(error, cleanText(said()));
  }
}

function bridgeCommand(program: Program, nodeJs: string | null): string {
  const find = nodeJs === null ? '$(command -v node || command -v nodejs)' : `"${nodeJs}"`;
  return shCommand(
    `n=${find}; p=${programPath(program)}; test -n "$n" || exit ${noNodeCode}; ` +
      `test -f "$p" || exit ${noProgramCode}; exec "$n" "$p" bridge`,
  );
}

/** Only such a path can be put into a script that every login shell passes on. */
export function isPlainPath(path: string): boolean {
  return /^\/[\w@%+=:,./ -]+$/.test(path);
}

/** stdin and stdout as one stream; with ssh2 they are one already. */
function duplexOf(channel: ExecChannel): Duplex {
  const { stdin, stdout } = channel;
  if (stdout instanceof Duplex && (stdout as unknown) === stdin) return stdout; // a child's stdout is a Duplex too
  const stream = Duplex.from({ readable: stdout, writable: stdin });
  stream.on('error', () => undefined);
  return stream;
}

/** How the command ended; null when it goes on, and so is not what failed. */
function endOf(channel: ExecChannel): Promise<{ readonly code: number | null } | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), endingMs);
    void channel.ended.then((end) => {
      clearTimeout(timer);
      resolve(end);
    });
  });
}

function isEnd(error: unknown): boolean {
  return error instanceof ProtocolError && /closed the channel/.test(error.message);
}

function withWords(error: unknown, said: string): unknown {
  if (said === '') return error;
  const hint = error instanceof MoskitError ? error.hint : undefined;
  return new ProtocolError(`${messageOf(error)}; it wrote: ${said}`, { hint, cause: error });
}
