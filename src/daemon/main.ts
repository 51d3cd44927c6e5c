import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { messageOf, RefusedError } from '../errors.js';
import { resolvePaths, type Paths } from '../paths.js';
import { tryLock, type HeldLock } from '../state/lock-file.js';
import { ensurePrivateDir } from '../state/secure-dir.js';
import { dirname, join } from 'node:path';
import { ChannelTickets } from './channel-tickets.js';
import { createDaemon, type RunningDaemon } from './daemon.js';
import { logFile } from '../state/log-file.js';
import { createLog } from './log.js';
import { createSocketServer, type Activity } from './server.js';

const defaultIdleMs = 10 * 60_000;
const idleLookMs = 2_000;

/** mosd: one per user and machine. Runs until it is idle, stopped or killed; jobs go on without it. */
export async function runDaemon(): Promise<void> {
  const paths = resolvePaths();
  process.umask(0o077);
  await ensurePrivateDir(paths.stateDir);
  await ensurePrivateDir(paths.runtimeDir);
  await ensurePrivateDir(dirname(paths.socket));
  const locks = await takeLocks(paths);
  const log = createLog(logFile(paths.log), () => new Date());
  const activity: Activity = { tools: 0, homes: 0 };
  const tickets = new ChannelTickets();
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const running = await createDaemon(paths, log, tickets, () => end(0));
  const server = createSocketServer(running.daemon, tickets, activity);
  await listen(server, paths);
  log.write(`mosd ${process.pid} listens on ${paths.socket}`);
  keepOrEnd(running, activity, end);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0));
  process.on('uncaughtException', (error) => {
    log.error(error);
    end(1);
  });
  process.on('unhandledRejection', (error) => log.error(error));
  await running.begin();
  const code = await ended;
  log.write(`mosd ${process.pid} ends; jobs go on`);
  server.close();
  rmSync(paths.socket, { force: true });
  rmSync(paths.socketNote, { force: true });
  await running.close().catch((error: unknown) => log.write(messageOf(error)));
  for (const lock of locks) await lock.release();
  process.exit(code);
}

/** One mosd for one state folder, whatever XDG_RUNTIME_DIR each of two was started with. */
async function takeLocks({ runtimeDir, stateDir }: Paths): Promise<readonly HeldLock[]> {
  const held: HeldLock[] = [];
  for (const path of new Set([join(runtimeDir, 'mosd.pid'), join(stateDir, 'mosd.lock')])) {
    const lock = await tryLock(path);
    if (lock.held) {
      held.push(lock);
      continue;
    }
    for (const mine of held) await mine.release();
    throw new RefusedError(`mosd runs already for ${stateDir} (PID ${lock.holder.pid})`);
  }
  return held;
}

/** We hold the lock, so a socket file that stands there is a dead mosd's. */
function listen(server: Server, paths: Paths): Promise<void> {
  rmSync(paths.socket, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(paths.socket, () => {
      chmodSync(paths.socket, 0o600);
      noteSocket(paths);
      resolve();
    });
  });
}

/** Tools that see the same runtime folder need no note, so a disk that takes none is no reason not to run. */
function noteSocket({ socket, socketNote }: Paths): void {
  try {
    rmSync(socketNote, { force: true });
    writeFileSync(socketNote, socket, { mode: 0o600, flag: 'wx' });
  } catch {
    // see above
  }
}

/** Ends when for a while nobody is connected, no job born here runs and no guest is here. */
function keepOrEnd(running: RunningDaemon, activity: Activity, end: (code: number) => void): void {
  const idleMs = Number(process.env['MOSKIT_IDLE_SECONDS'] ?? defaultIdleMs / 1000) * 1000;
  let busyAtMs = performance.now();
  setInterval(() => {
    if (activity.tools > 0 || activity.homes > 0 || running.isBusy()) busyAtMs = performance.now();
    else if (performance.now() - busyAtMs > idleMs) end(0);
  }, idleLookMs).unref();
}
