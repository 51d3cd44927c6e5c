import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { MoskitError, errnoOf, messageOf } from '../errors.js';
import type { Paths } from '../paths.js';

/** Connects to the mosd of this state folder, also where it was started with another XDG_RUNTIME_DIR. */
export async function connectRunning({ socket, socketNote }: Paths): Promise<Socket | null> {
  const connected = await connectSocket(socket);
  if (connected) return connected;
  const noted = readNote(socketNote);
  return noted === null || noted === socket ? null : connectSocket(noted);
}

function readNote(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Connects to mosd's unix socket; null when no mosd listens there. Never starts one. */
export async function connectSocket(path: string): Promise<Socket | null> {
  if (!isOurs(path)) return null;
  const socket = createConnection({ path });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve(socket);
    });
    const onError = (error: Error): void => {
      if (errnoOf(error) === 'ECONNREFUSED' || errnoOf(error) === 'ENOENT') resolve(null);
      else
        reject(new MoskitError(`cannot connect to mosd at ${path}: ${messageOf(error)}`, { cause: error }));
    };
    socket.once('error', onError);
  });
}

/** False when there is no socket. Throws when somebody else's stands there: what we send could run as us elsewhere. */
function isOurs(path: string): boolean {
  const folder = statOf(dirname(path));
  const socket = statOf(path);
  if (!folder || !socket) return false;
  const uid = process.getuid?.();
  const foreign = [folder, socket].find((stats) => stats.uid !== uid);
  if (foreign) {
    throw new MoskitError(
      `${foreign === folder ? dirname(path) : path} belongs to user ${foreign.uid}, not to you (${uid ?? '?'})`,
      { hint: 'remove it, or set MOSKIT_DIR to a folder of your own' },
    );
  }
  if (!socket.isSocket()) throw new MoskitError(`${path} is no socket`, { hint: `remove ${path}` });
  return true;
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
