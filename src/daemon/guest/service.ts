import type { NodeReport } from '../../core/cluster-map.js';
import { isJobId } from '../../core/ids.js';
import { messageOf, ProtocolError, RefusedError } from '../../errors.js';
import type { GuestMethods } from '../../protocol/guest-messages.js';
import { guestSchemas, parseShape } from '../../protocol/schemas.js';
import type { ChannelTickets } from '../channel-tickets.js';
import { reach } from '../fault-point.js';
import type { Log } from '../log.js';
import type { History } from '../../state/history.js';
import { prepare } from './admission.js';
import { listFiles, openPages, receiveFiles, receivePages, sendFiles } from './files.js';
import { continueGuest, discard, freeze, holds, probe, restore, revive, thaw } from './moves.js';
import type { Guests, HomeIdentity } from './registry.js';
import type { OutputGate } from './output-gate.js';
import { checkpoint, cutFilesBack, dropCheckpoint } from './checkpoint.js';
import { getKept, keepOnly, listKept, putKept } from './kept.js';
import { disclose } from './disclose.js';
import { renewLeases } from './lease.js';
import type { Warden } from './warden.js';
import { checkFolder, forget, list, probeFolder, signal, start, unprobeFolder } from './runs.js';

/** What the handlers of home's requests work with. */
export interface GuestContext {
  readonly guests: Guests;
  readonly output: OutputGate;
  readonly tickets: ChannelTickets;
  readonly log: Log;
  readonly history: History;
  /** Where this node keeps images for homes. */
  readonly keptDir: string;
  readonly warden: Warden;
  report(): NodeReport;
  /** A tool of another node asks this one's mosd. */
  serveTool(method: string, params: unknown): Promise<unknown>;
  /** Is this home's own node number, so that its jobs come home whatever `block` says? */
  isOwn(home: HomeIdentity): boolean;
  /** A guest comes in: counted before its load shows. */
  arrived(): void;
}

type Handlers = {
  readonly [M in keyof GuestMethods]: (
    context: GuestContext,
    home: HomeIdentity,
    params: GuestMethods[M][0],
  ) => Promise<GuestMethods[M][1]>;
};

const handlers: Handlers = {
  'node.report': (context) => Promise.resolve(context.report()),
  'node.subscribe': (context) => Promise.resolve(context.report()),
  'guest.list': list,
  'folder.check': checkFolder,
  'folder.probe': probeFolder,
  'folder.unprobe': unprobeFolder,
  'guest.prepare': prepare,
  'guest.start': start,
  'guest.probe': probe,
  'guest.freeze': freeze,
  'guest.thaw': thaw,
  'guest.restore': restore,
  'guest.continue': continueGuest,
  'guest.holds': holds,
  'guest.revive': revive,
  'guest.discard': discard,
  'guest.signal': signal,
  'guest.forget': forget,
  'files.list': listFiles,
  'files.send': sendFiles,
  'files.receive': receiveFiles,
  'pages.open': openPages,
  'pages.receive': receivePages,
  'guest.checkpoint': checkpoint,
  'guest.checkpointed': dropCheckpoint,
  'guest.cutBack': cutFilesBack,
  'guest.lease': renewLeases,
  'kept.put': putKept,
  'kept.get': getKept,
  'kept.only': keepOnly,
  'kept.list': listKept,
  'guest.disclose': disclose,
  'node.tool': async (context, _home, { method, params }) => ({
    answer: await context.serveTool(method, params),
  }),
};

export function isGuestMethod(method: string): method is keyof GuestMethods {
  return Object.hasOwn(handlers, method);
}

/** Answers one request of a home, with its parameters checked. */
export async function serveGuestRequest(
  context: GuestContext,
  home: HomeIdentity,
  method: string,
  params: unknown,
): Promise<unknown> {
  if (!isGuestMethod(method)) throw new ProtocolError(`nobody answers '${method}' here`);
  const checked = parseShape(guestSchemas[method], params, method);
  const handler = handlers[method] as (c: GuestContext, h: HomeIdentity, p: unknown) => Promise<unknown>;
  await reach(`${method} asked`);
  const answer = await handler(context, home, checked).catch((error: unknown) => {
    tellTrouble(context, method, checked, error);
    throw error;
  });
  await reach(`${method} done`);
  return answer;
}

/** What home asks again and again is no event of its own when it fails. */
const questions: ReadonlySet<string> = new Set(['guest.probe', 'guest.lease', 'files.list', 'folder.probe']);

function tellTrouble(context: GuestContext, method: string, params: unknown, error: unknown): void {
  const { job, generation } = (params ?? {}) as { readonly job?: unknown; readonly generation?: unknown };
  if (!isJobId(job) || questions.has(method)) return;
  context.history.add({
    event: error instanceof RefusedError ? 'refused' : 'fault',
    job,
    ...(typeof generation === 'number' ? { generation } : {}),
    reason: `${method}: ${messageOf(error)}`,
  });
}
