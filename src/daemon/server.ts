import { createServer, type Server, type Socket } from 'node:net';
import type { JobId } from '../core/ids.js';
import type { OutputOffsets } from '../core/output-flow.js';
import { messageOf, ProtocolError } from '../errors.js';
import { acceptChannel } from '../protocol/open-channel.js';
import { Rpc } from '../protocol/rpc.js';
import { openingSchema, parseShape, toolSchemas, type ParsedOpening } from '../protocol/schemas.js';
import { homeOfDaemon, type Daemon } from './context.js';
import type { ChannelTickets } from './channel-tickets.js';
import { guestStreams } from './guest/streams.js';
import { serveGuestRequest } from './guest/service.js';
import { serveToolRequest } from './handlers/tool-requests.js';
import { watchDeputy } from './home/deputies.js';
import { homeStreams } from './home/streams.js';
import { serveIo, type IoSource } from './io-server.js';

const greetingMs = 10_000;
const reportEveryMs = 1_000;
const lingerMs = 30_000;

/** Connections that keep mosd awake. */
export interface Activity {
  tools: number;
  homes: number;
}

/** Accepts channels on mosd's socket and hands each to whoever serves what it is for. */
export function createSocketServer(daemon: Daemon, tickets: ChannelTickets, activity: Activity): Server {
  return createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    serve(daemon, tickets, activity, socket).catch((error: unknown) => {
      if (!(error instanceof ProtocolError)) daemon.log.error(error);
      if (socket.writable) socket.end(`${JSON.stringify({ error: messageOf(error) })}\n`);
      socket.destroySoon();
    });
  });
}

async function serve(
  daemon: Daemon,
  tickets: ChannelTickets,
  activity: Activity,
  socket: Socket,
): Promise<void> {
  const { opening: raw } = await acceptChannel(socket, {
    socket: daemon.paths.socket,
    timeoutMs: greetingMs,
  });
  const opening = parseShape(openingSchema, raw, 'opening');
  if (opening.open === 'bulk') {
    socket.write('{"ok":true}\n');
    tickets.arrive(opening.ticket, socket);
  } else if (opening.open === 'io') {
    await serveStreams(daemon, socket, opening);
  } else if (opening.as === 'tool') {
    serveTool(daemon, activity, socket);
  } else {
    serveHome(daemon, activity, socket, opening);
  }
}

async function serveStreams(
  daemon: Daemon,
  socket: Socket,
  opening: Extract<ParsedOpening, { open: 'io' }>,
): Promise<void> {
  if (opening.cluster !== null) {
    const identity = { cluster: opening.cluster, home: 0 };
    const from = { stdout: opening.stdoutOffset ?? 0, stderr: opening.stderrOffset ?? 0 };
    const source = guestStreams(daemon.guestContext, identity, opening.job, from);
    socket.write('{"ok":true}\n');
    await serveFrames(daemon, socket, from, source, opening.job).finally(() => leaveToOther(socket));
    return;
  }
  const home = homeOfDaemon(daemon);
  const job = home.homes.get(opening.job);
  socket.write('{"ok":true}\n');
  const left = await watchDeputy(home, job, opening.deputy);
  try {
    const { delivered } = job.record;
    const from = {
      stdout: opening.stdoutOffset ?? delivered.stdout,
      stderr: opening.stderrOffset ?? delivered.stderr,
    };
    await serveFrames(daemon, socket, from, homeStreams(home, job), opening.job);
  } finally {
    leaveToOther(socket);
    if (socket.destroyed) left();
    else socket.once('close', left);
  }
}

/** From here on the channel carries frames: an error must not go into it as a line of text. */
async function serveFrames(
  daemon: Daemon,
  socket: Socket,
  from: OutputOffsets,
  source: IoSource,
  job: JobId,
): Promise<void> {
  try {
    const broken = await serveIo(socket, from, source);
    if (broken !== null) daemon.log.write(`job ${job}: its streams can't be served: ${broken}`);
  } catch (error) {
    daemon.log.error(error);
    socket.destroy();
  }
}

/** Closes a socket that the other side has closed or half-closed, at once or when it does, but at last in any case. */
function leaveToOther(socket: Socket): void {
  const leave = (): void => socket.destroySoon();
  if (socket.readableEnded || socket.destroyed) {
    leave();
  } else {
    socket.once('end', leave);
    setTimeout(leave, lingerMs).unref();
  }
}

function serveTool(daemon: Daemon, activity: Activity, socket: Socket): void {
  activity.tools += 1;
  let timer: NodeJS.Timeout | undefined;
  const rpc: Rpc = new Rpc(socket, {
    peerName: 'the tool',
    onRequest: (method, params) => {
      if (method !== 'watch') return serveToolRequest(daemon, method, params);
      const { intervalMs } = parseShape(toolSchemas.watch, params, method);
      clearInterval(timer);
      const push = (): void => rpc.notify('snapshot', daemon.snapshot());
      timer = setInterval(push, intervalMs);
      setImmediate(push);
      return Promise.resolve({});
    },
  });
  void rpc.closed.then(() => {
    clearInterval(timer);
    activity.tools -= 1;
  });
}

/** A home's link: its requests about its guests, and our report once a second (unless `quiet`). */
function serveHome(
  daemon: Daemon,
  activity: Activity,
  socket: Socket,
  { cluster, home }: { readonly cluster: string; readonly home: number },
): void {
  activity.homes += 1;
  const identity = { cluster, home };
  let timer: NodeJS.Timeout | undefined;
  const rpc: Rpc = new Rpc(socket, {
    peerName: `node ${home}`,
    onRequest: (method, params) => {
      if (method === 'node.subscribe') timer ??= setInterval(push, reportEveryMs);
      return serveGuestRequest(daemon.guestContext, identity, method, params);
    },
  });
  const push = (): void => {
    const report = daemon.report();
    if (!report.quiet) rpc.notify('report', report);
    rpc.notify('usage', daemon.guestUsage(cluster));
  };
  daemon.homeLinks.set(cluster, { home, rpc });
  void rpc.closed.then(() => {
    clearInterval(timer);
    activity.homes -= 1;
    if (daemon.homeLinks.get(cluster)?.rpc === rpc) daemon.homeLinks.delete(cluster);
  });
}
