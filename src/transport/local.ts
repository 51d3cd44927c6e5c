import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { messageOf } from '../errors.js';
import { ChannelRefusedError, SshError } from './ssh-error.js';
import type { Connection, ExecChannel } from './transport.js';

/** A Connection to this very machine, without SSH: commands are child processes. */
export function connectLocal(env: NodeJS.ProcessEnv = process.env): Connection {
  const open = new Set<{ close(): void }>();
  let ended = false;
  let settleClosed: (reason: undefined) => void;
  const closed = new Promise<undefined>((resolve) => (settleClosed = resolve));
  const refuseWhenEnded = (): void => {
    if (ended) throw new SshError('closed', 'the connection to this machine is closed');
  };
  return {
    exec: async (command) => {
      refuseWhenEnded();
      const channel = await startCommand(command, env);
      open.add(channel);
      void channel.ended.then(() => open.delete(channel));
      return channel;
    },
    openUnix: async (path) => {
      refuseWhenEnded();
      const socket = await openSocket(path);
      const entry = { close: () => socket.destroy() };
      open.add(entry);
      socket.on('close', () => open.delete(entry));
      return socket;
    },
    closed,
    close: () => {
      ended = true;
      for (const channel of open) channel.close();
      settleClosed(undefined);
    },
  };
}

async function startCommand(command: string, env: NodeJS.ProcessEnv): Promise<ExecChannel> {
  const child = spawn(env['SHELL'] ?? '/bin/sh', ['-c', command], {
    env,
    cwd: env['HOME'],
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: 127, signal: null }));
  });
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  await once(child, 'spawn').catch((error: unknown) => {
    throw new ChannelRefusedError(`this machine did not start a command: ${messageOf(error)}`, {
      cause: error,
    });
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    // As sshd does: the command sees its pipes close, it is not killed.
    close: () => {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    },
  };
}

async function openSocket(path: string): Promise<Socket> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new ChannelRefusedError(`this machine did not open the socket ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  socket.on('error', () => undefined);
  return socket;
}
