import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Connection } from '../../src/transport/transport.js';

/** A connection whose commands run in a shell on this machine, with handles on them. */
export interface ShellConnection extends Connection {
  readonly children: readonly ChildProcess[];
  readonly isClosed: () => boolean;
}

export interface ShellOptions {
  /** The login shell; it gets `-c COMMAND`. */
  readonly shell?: string;
  /** What the login scripts do before. */
  readonly login?: string;
  /** Put before PATH: another `sh` or `awk`. */
  readonly path?: string;
  /** Words put before the shell, for example unshare and its options. */
  readonly wrapper?: readonly string[];
}

export function shellConnection(options: ShellOptions = {}): ShellConnection {
  const { shell = '/bin/sh', login = '', path, wrapper = [] } = options;
  const children: ChildProcess[] = [];
  const closing = new AbortController();
  const env = { ...process.env, PATH: path ? `${path}:${process.env['PATH']}` : process.env['PATH'] };
  return {
    children,
    isClosed: () => closing.signal.aborted,
    exec: async (command) => {
      const words = [...wrapper, shell, '-c', `${login}\n${command}`];
      const child = spawn(words[0] ?? shell, words.slice(1), { env, stdio: ['pipe', 'pipe', 'pipe'] });
      children.push(child);
      await once(child, 'spawn');
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended: once(child, 'exit').then(([code, signal]) => ({
          code: code as number | null,
          signal: signal as string | null,
        })),
        close: () => child.stdin.destroy(),
      };
    },
    openUnix: () => Promise.reject(new Error('not here')),
    closed: new Promise((resolve) => closing.signal.addEventListener('abort', () => resolve(undefined))),
    close: () => {
      closing.abort();
      for (const child of children) child.stdin?.destroy();
    },
  };
}

/** Resolves when the process has ended; by itself, nothing is sent to it. */
export async function hasEnded(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
