import type { JobId, NodeId } from '../../core/ids.js';
import { isJobId } from '../../core/ids.js';
import { RefusedError } from '../../errors.js';
import type { Destination, MoveOutcome, RebalanceAnswer } from '../../protocol/messages.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import type { GuestRecord } from '../guest/record.js';
import { bestNodeFor, rebalance as rebalancePass } from '../home/balancer.js';
import type { HomeContext } from '../home/homes.js';
import { whereIs, type HomeJob } from '../home/job.js';
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
  return { moved: false, job: job.record.job, where, reason: best.reason };
}

async function askHome(daemon: Daemon, guest: GuestRecord, to: Destination): Promise<MoveOutcome> {
  const link = daemon.homeLinks.get(guest.cluster);
  if (!link?.rpc.isOpen) {
    const reason = `its home, node ${guest.home}, is not connected now; it decides over its jobs`;
    return { moved: false, job: guest.job, where: guest.you, reason };
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
  await daemon.map.update((old) => ({ ...old, admin: { ...old.admin, lstay: 1 } }), { durable: true });
  const away = home.homes
    .active()
    .filter((job) => job.record.phase === 'running' && whereIs(job)?.where !== home.nodes.self);
  const outcomes = away.map((job) => moveOwn(home, job, 'home'));
  return { outcomes: await withinTime(away, outcomes, timeoutMs) };
}

/** Sets block, sends all guests home. */
export async function expel(
  daemon: Daemon,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<{ readonly outcomes: readonly MoveOutcome[] }> {
  await daemon.map.update((old) => ({ ...old, admin: { ...old.admin, block: 1 } }), { durable: true });
  const own = daemon.home?.cluster;
  const guests = daemon.guests.all().filter((guest) => guest.cluster !== own && guest.phase === 'running');
  const deadline = performance.now() + timeoutMs;
  const outcomes = await Promise.all(
    guests.map((guest) =>
      Promise.race([askHome(daemon, guest, 'home'), tooLate(guest.job, guest.you, deadline)]),
    ),
  );
  return { outcomes };
}

async function withinTime(
  jobs: readonly HomeJob[],
  outcomes: readonly Promise<MoveOutcome>[],
  timeoutMs: number,
): Promise<readonly MoveOutcome[]> {
  const deadline = performance.now() + timeoutMs;
  return Promise.all(
    outcomes.map((outcome, index) => {
      const job = jobs[index]!;
      return Promise.race([outcome, tooLate(job.record.job, whereIs(job)?.where ?? 0, deadline)]);
    }),
  );
}

function tooLate(job: JobId, where: NodeId, deadlineMs: number): Promise<MoveOutcome> {
  return new Promise((resolve) => {
    const reason = 'not done within the time given; it goes on in the background';
    setTimeout(
      () => resolve({ moved: false, job, where, reason }),
      Math.max(0, deadlineMs - performance.now()),
    ).unref();
  });
}
