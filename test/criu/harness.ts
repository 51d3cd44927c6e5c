import { connect, createServer, type Socket } from 'node:net';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Duplex, Transform } from 'node:stream';
import type { JobSpec } from '../../src/core/job-spec.js';
import { driverNamed, probeDrivers } from '../../src/jobs/choose-driver.js';
import type { JobFolder, JobProcess, MoveRequirements } from '../../src/jobs/driver.js';
import { continueTree, killTree, signalJob, stopTree, treeOf } from '../../src/jobs/process-tree.js';
import { endStdin, readExit, readMessages, startJob } from '../../src/jobs/sandbox.js';

/** Runs inside a node and does there what a test asks of the drivers, as mosd would. */
export interface HarnessJob {
  readonly spec: JobSpec;
  readonly folder: JobFolder;
  readonly process: JobProcess;
  readonly imageDir: string;
  readonly env: readonly string[];
}

interface Request {
  readonly op: keyof typeof operations;
  readonly job: HarnessJob;
  readonly peer?: { readonly host: string; readonly port: number };
  readonly signal?: string;
  readonly requirements?: MoveRequirements;
  readonly pidNamespace?: boolean;
  readonly fault?: 'cut the pages';
}

const driver = driverNamed('criu');
const cutAfterBytes = 8 * 1024 * 1024;

const operations = {
  start: async ({ job, pidNamespace }: Request) => {
    await makeFolder(job.folder);
    const { spec, folder, env } = job;
    const { argv, umask, stdin } = spec;
    const options = pidNamespace === undefined ? {} : { pidNamespace };
    return startJob({ folder, argv, env, umask, stdin, ...options });
  },
  prepare: async ({ job }: Request) => {
    await rm(job.folder.dir, { recursive: true, force: true });
    await mkdir(job.folder.dir, { recursive: true, mode: 0o700 });
    await mkdir(job.imageDir, { recursive: true, mode: 0o700 });
  },
  probe: ({ job }: Request) => probeDrivers(job.spec, job.folder, job.process),
  admit: ({ requirements }: Request) => driver.admit(requirements!),
  freeze: async ({ job, peer, fault }: Request) => {
    await mkdir(job.imageDir, { recursive: true, mode: 0o700 });
    const socket = peer ? await dial(peer) : null;
    const startedAt = performance.now();
    const result = await driver.freeze(job, fault && socket ? cutLater(socket) : socket);
    return { ...result, ms: performance.now() - startedAt };
  },
  receive: async ({ job, peer }: Request) => {
    const socket = await accept(peer!.port);
    const receiver = await driver.receivePages!(job, socket);
    await receiver.done;
  },
  thaw: ({ job }: Request) => driver.thaw(job),
  discard: ({ job }: Request) => driver.discard(job),
  restore: ({ job }: Request) => driver.restoreStopped(job),
  continue: ({ job }: Request) => driver.continue(job, job.process),
  discardRestored: ({ job }: Request) => driver.discardRestored(job, job.process),
  signal: ({ job, signal }: Request) => signalJob(job.process, signal!),
  stop: ({ job }: Request) => stopTree(job.process),
  goOn: ({ job }: Request) => continueTree(job.process),
  kill: ({ job }: Request) => killTree(job.process),
  endStdin: ({ job }: Request) => endStdin(job.process),
  tree: ({ job }: Request) => treeOf(job.process),
  exit: async ({ job }: Request) => ({
    exit: await readExit(job.folder),
    messages: await readMessages(job.folder),
  }),
};

async function makeFolder({ dir, cwd }: JobFolder): Promise<void> {
  for (const folder of [dir, join(dir, 'tmp'), cwd]) await mkdir(folder, { recursive: true, mode: 0o700 });
}

function dial({ host, port }: { readonly host: string; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => {
      if (Reflect.get(error, 'code') !== 'ECONNREFUSED') reject(error);
      else setTimeout(() => void dial({ host, port }).then(resolve, reject), 20); // the other side is not up yet
    });
  });
}

function accept(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      server.close();
      resolve(socket);
    });
    server.once('error', reject);
    server.listen(port);
  });
}

/** A stream that breaks after some memory has gone through. */
function cutLater(socket: Socket): Duplex {
  let sent = 0;
  const cut = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      if (sent < cutAfterBytes) done(null, chunk);
      else socket.destroy();
    },
  });
  cut.pipe(socket);
  return Duplex.from({ writable: cut, readable: socket });
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

async function answer({ id, ...request }: Request & { readonly id: number }): Promise<Answer> {
  try {
    return { id, result: (await operations[request.op](request)) ?? null };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

/** One request a line, answered in whatever order they are done. */
createServer((socket) => {
  socket.on('error', () => undefined);
  createInterface(socket).on('line', (line) => {
    const request = JSON.parse(line) as Request & { readonly id: number };
    void answer(request).then((said) => socket.write(`${JSON.stringify(said)}\n`));
  });
}).listen(Number(process.argv[2]));
