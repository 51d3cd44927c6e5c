import { spawn, type StdioOptions } from 'node:child_process';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MoskitError } from '../errors.js';
import type { Criu } from './criu-tools.js';

/**
 * Starts CRIU with `pages` as its stdout, which is its page socket (`--ps-socket 1`). A socket on which nothing was
 * received yet is handed over as it is: then no byte of the job's memory goes through this process. The caller sees to
 * it that the other side sends nothing before this returns.
 */
export function startCriu(
  criu: Criu,
  args: readonly string[],
  pages: Duplex | null,
): { readonly code: Promise<number | null> } {
  const words = [...criu.words, ...args];
  const isHandedOver = pages instanceof Socket && pages.readableLength === 0 && pages.writableLength === 0;
  const stdout = isHandedOver ? pages : pages ? 'pipe' : 'ignore';
  const stdio: StdioOptions = ['ignore', stdout, 'ignore'];
  const child = spawn(words[0]!, words.slice(1), { stdio });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new MoskitError(`criu can't be started: ${error.message}`, { cause: error })),
    );
    child.once('exit', resolve);
  });
  if (isHandedOver)
    pages.destroy(); // ours only: the child has its own copy
  else if (pages) join(child.stdout as unknown as Duplex, pages);
  return { code };
}

/** A pipe of a child process is a socket pair, so its stdout can be written to as well. */
function join(socket: Duplex, pages: Duplex): void {
  socket.on('error', () => undefined);
  pages.on('error', () => socket.destroy());
  pages.once('close', () => socket.destroy());
  pages.pipe(socket);
  socket.pipe(pages, { end: false });
}
