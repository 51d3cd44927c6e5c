import { spawn, type StdioOptions } from 'node:child_process';
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { MoskitError } from '../errors.js';
import { explainLog, reasonInLog } from './criu-log.js';
import type { Criu } from './criu-tools.js';

const maxLogBytes = 256 * 1024;

/** A pipe that breaks is an answer to CRIU, not its end: half-way through a dump its death would harm the job. */
const ignoringBrokenPipes = ['sh', '-c', 'trap "" PIPE; exec "$@"', 'criu'] as const;

/**
 * Starts CRIU with `pages` as its stdout, which is its page socket (`--ps-socket 1`). A socket on which nothing was
 * received yet is handed over as it is: then no byte of the job's memory goes through this process. The caller sees to
 * it that the other side sends nothing before this returns. `done` rejects with what its log says.
 */
export function startCriu(
  criu: Criu,
  args: readonly string[],
  pages: Duplex | null,
): { readonly done: Promise<void> } {
  const words = [...ignoringBrokenPipes, ...criu.words, ...args, '-v2'];
  const isHandedOver = pages instanceof Socket && pages.readableLength === 0 && pages.writableLength === 0;
  const stdout = isHandedOver ? pages : pages ? 'pipe' : 'ignore';
  // No log file: the image folder travels, and what a criu of root writes there a user could not read.
  const stdio: StdioOptions = ['ignore', stdout, 'pipe'];
  const child = spawn(words[0]!, words.slice(1), { stdio, cwd: '/', ...withoutGroups() });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (log.length < maxLogBytes) log += chunk.toString('latin1');
  });
  const done = new Promise<void>((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(
        new MoskitError(`criu ${args[0]} failed: ${why}`, {
          cause,
          explanation: explainLog(`criu ${args[0]} on ${hostname()}`, log),
        }),
      );
    child.once('error', (error) => fail(error.message, error));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else fail(signal === null ? reasonInLog(log) : `it was ended by ${signal}`);
    });
  });
  if (isHandedOver)
    pages.destroy(); // ours only: the child has its own copy
  else if (pages) join(child.stdout as unknown as Duplex, pages);
  return { done };
}

/**
 * CRIU gives a process its supplementary groups, but one that had none keeps those of CRIU: root's. Node.js drops them
 * where it is told the user and group of a child.
 */
function withoutGroups(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: 0, gid: process.getgid?.() ?? 0 } : {};
}

/** A pipe of a child process is a socket pair, so its stdout can be written to as well. */
function join(socket: Duplex, pages: Duplex): void {
  socket.on('error', () => undefined);
  pages.on('error', () => socket.destroy());
  pages.once('close', () => socket.destroy());
  pages.pipe(socket);
  socket.pipe(pages, { end: false });
}
