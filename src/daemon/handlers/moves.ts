import type { JobId, NodeId } from '../../core/ids.js';
import { isJobId } from '../../core/ids.js';
import { RefusedError } from '../../errors.js';
import type { Destination, MoveOutcome, RebalanceAnswer } from '../../protocol/messages.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import type { GuestRecord } from '../guest/record.js';
import { empty, type Straggler } from './empty.js';
import { bestNodeFor, rebalance as rebalancePass } from '../home/balancer.js';
import type { HomeContext } from '../home/homes.js';
import { placeInHistory, whereIs, type HomeJob } from '../home/job.js';
import { relocate } from '../home/relocate.js';
import { ownerPid } from './owner-pid.js';

const askHomeMs = 30 * 60_000;

/** `migrate`: a job born here by its id or its deputy's PID, or a guest by the PID of one of its processes. */
export async function migrate(
  daemon: Daemon,
  { target, to }: { readonly target: JobId | number; readonly to: Destination },
): Promise<MoveOutcome> {
  const found = await find(daemon, target);
  if (found.kind === 'own') return moveOwn(found.home, found.job, to);
  return askHome(daemon, found.guest, to);
}

type Found =
  | { readonly kind: 'own'; readonly home: HomeContext; readonly job: HomeJob }
  | { readonly kind: 'guest'; readonly guest: GuestRecord };

async function find(daemon: Daemon, target: JobId | number): Promise<Found> {
  if (isJobId(target)) {
    const guest = daemon.guests.all().find((record) => record.job === target && record.phase === 'running');
    const own = daemon.home?.homes.find(target);
    if (own && daemon.home) return { kind: 'own', home: daemon.home, job: own };
    if (guest) return { kind: 'guest', guest };
    throw new RefusedError(`there is no job ${target} here`, { hint: 'mps lists the jobs of this node' });
  }
  const byDeputy = daemon.home?.homes.active().find(({ record }) => record.spec.deputy?.pid === target);
  if (byDeputy && daemon.home) return { kind: 'own', home: daemon.home, job: byDeputy };
  const guest = await ownerPid(daemon.guests, target);
  if (!guest)
    throw new RefusedError(`PID ${target} belongs to no job here`, {
      hint: 'mps lists the jobs of this node',
    });
  const own =
    daemon.home && guest.cluster === daemon.home.cluster ? daemon.home.homes.find(guest.job) : undefined;
  return own && daemon.home ? { kind: 'own', home: daemon.home, job: own } : { kind: 'guest', guest };
}

export async function moveOwn(home: HomeContext, job: HomeJob, to: Destination): Promise<MoveOutcome> {
  if (to !== 'balance') return relocate(home, job, to === 'home' ? home.nodes.self : to, 'asked');
  const best = bestNodeFor(home, job);
  if (best.node !== null) return relocate(home, job, best.node, 'asked');
  const where = whereIs(job)?.where ?? home.nodes.self;
  home.history.add({ event: 'stays', ...placeInHistory(job), reason: best.reason });
  return { moved: false, job: job.record.job, where, reason: best.reason };
}

async function askHome(daemon: Daemon, guest: GuestRecord, to: Destination): Promise<MoveOutcome> {
  const link = daemon.homeLinks.get(guest.cluster);
  if (!link?.rpc.isOpen) {
    const reason = `its home, node ${guest.home}, is not connected now; it decides over its jobs`;
    const { job, generation, you } = guest;
    daemon.guestContext.history.add({ event: 'stays', job, generation, node: you, reason });
    return { moved: false, job, where: you, reason };
  }
  return (await link.rpc.request(
    'home.migrate',
    { job: guest.job, to },
    { timeoutMs: askHomeMs },
  )) as MoveOutcome;
}

export function rebalance(
  daemon: Daemon,
  { dryRun }: { readonly dryRun: boolean },
): Promise<RebalanceAnswer> {
  return rebalancePass(homeOfDaemon(daemon), daemon.map.map.admin, dryRun);
}

/** Sets lstay, fetches all own jobs home, answers when they are here or the time is over. */
export async function bring(
  daemon: Daemon,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<{ readonly outcomes: readonly MoveOutcome[] }> {
  const home = homeOfDaemon(daemon);
  const { self } = home.nodes;
  await daemon.map.update((old) => ({ ...old, admin: { ...old.admin, lstay: 1 } }), { durable: true });
  home.history.add({ event: 'set', reason: 'lstay=1, and own jobs are brought home' });
  const list = (): readonly Straggler[] =>
    home.homes.active().flatMap((job) => {
      const where = whereIs(job)?.where ?? job.placed ?? self;
      const isAway = where !== self || (job.moving !== null && job.moving.to !== self);
      if (!isAway) return [];
      const isReady = job.record.phase === 'running' && job.moving === null && !job.record.stranded;
      return [{ job: job.record.job, where, isReady, stuck: stuckAway(home, job, where) }];
    });
  const move = (id: JobId): Promise<MoveOutcome> => moveOwn(home, home.homes.get(id), 'home');
  return { outcomes: await empty({ list, move, timeoutMs }) };
}

function stuckAway({ nodes }: HomeContext, job: HomeJob, where: NodeId): string | null {
  if (job.record.stranded) return job.record.stranded.reason;
  const isUp = nodes.has(where) && nodes.view(where, performance.now()).state === 'up';
  return isUp ? null : `node ${where} does not answer`;
}

/** Sets block, sends all guests home, answers when they and what they left have gone, or the time is over. */
export async function expel(
  daemon: Daemon,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<{ readonly outcomes: readonly MoveOutcome[] }> {
  await daemon.map.update((old) => ({ ...old, admin: { ...old.admin, block: 1 } }), { durable: true });
  daemon.guestContext.history.add({ event: 'set', reason: 'block=1, and guests are sent home' });
  const own = daemon.home?.cluster;
  const guestsHere = (): readonly GuestRecord[] =>
    daemon.guests.all().filter((guest) => guest.cluster !== own);
  const list = (): readonly Straggler[] =>
    guestsHere().map((guest) => ({
      job: guest.job,
      where: guest.you,
      isReady: guest.phase === 'running',
      stuck: daemon.homeLinks.get(guest.cluster)?.rpc.isOpen
        ? null
        : `it is ${guest.phase}, and its home, node ${guest.home}, is not connected`,
    }));
  const move = (id: JobId): Promise<MoveOutcome> => {
    const guest = guestsHere().find(({ job }) => job === id);
    if (guest) return askHome(daemon, guest, 'home');
    return Promise.resolve({ moved: false, job: id, where: 0, reason: 'it is over' });
  };
  return { outcomes: await empty({ list, move, timeoutMs }) };
}
