import { rm, mkdir } from 'node:fs/promises';
import {
  decideContinue,
  decideDiscard,
  decideFreeze,
  decideRestore,
  decideRevive,
  decideThaw,
  holdsCopy,
  type GuestStep,
} from '../../core/guest-steps.js';
import { MoskitError, RefusedError } from '../../errors.js';
import { driverNamed, probeDrivers } from '../../jobs/choose-driver.js';
import { isAlive, killTree, stopTree } from '../../jobs/process-tree.js';
import { readExit } from '../../jobs/sandbox.js';
import type {
  FreezeAnswer,
  FreezeParams,
  JobRef,
  MoveRef,
  ProbedDriver,
} from '../../protocol/guest-messages.js';
import type { JobExit } from '../../core/cluster-map.js';
import type { DriverName } from '../../core/job-spec.js';
import { reach } from '../fault-point.js';
import { requireLease } from './lease.js';
import { guestKey, imageDirOf, type GuestRecord } from './record.js';
import { driverJobOf, processOf, targetJobOf, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

/** Each step writes down where it stands before it acts, so that the next mosd knows what it finds. */

function oneAtATime<T>(
  context: GuestContext,
  home: HomeIdentity,
  job: string,
  task: () => Promise<T>,
): Promise<T> {
  return context.guests.queue.run(guestKey(job, home.cluster), task);
}

export async function probe(
  context: GuestContext,
  home: HomeIdentity,
  { job }: JobRef,
): Promise<{ readonly drivers: readonly ProbedDriver[] }> {
  const record = context.guests.get(job, home.cluster);
  if (record.phase !== 'running') {
    throw new MoskitError(`job ${job} is ${record.phase} on node ${record.you}`);
  }
  const drivers = await probeDrivers(record.spec, record.folder, processOf(record));
  return { drivers: record.userStopped ? drivers.map(whileStopped) : drivers };
}

function whileStopped(probed: ProbedDriver): ProbedDriver {
  if (probed.driver !== 'app' || probed.reasons.length > 0) return probed;
  return { ...probed, reasons: ['it is stopped, so it can not save itself'], requirements: null };
}

/** Source: stop the job and write its image. A failure leaves it running. */
export function freeze(
  context: GuestContext,
  home: HomeIdentity,
  params: FreezeParams,
): Promise<FreezeAnswer> {
  const pages = params.ticket === null ? Promise.resolve(null) : context.tickets.take(params.ticket);
  const frozen = oneAtATime<FreezeAnswer>(context, home, params.job, async () => {
    const found = context.guests.get(params.job, home.cluster);
    const step = allowed(found, decideFreeze(found, params.generation));
    if (step === 'ended') return { kind: 'ended', exit: exitOf(found) };
    await requireLease(context, found);
    // A driver must not take our standstill for the user's.
    const record = await context.output.release(found);
    const move = { generation: params.generation, driver: params.driver };
    await mkdir(imageDirOf(record, params.generation), { recursive: true, mode: 0o700 });
    const channel = await pages;
    await context.guests.change(record, { phase: 'freezing', move });
    await reach('guest.freeze marked');
    try {
      const frozen = await driverNamed(params.driver).freeze(driverJobOf(record, params.generation), channel);
      if (frozen.kind === 'ended') {
        await context.guests.change(record, { phase: 'running', move: null });
        await context.guests.ended(record, frozen.exit);
        return frozen;
      }
      await reach('guest.freeze made');
      await context.guests.change(record, { phase: 'frozen' });
      return frozen;
    } catch (error) {
      await backToRunning(context, record);
      throw error;
    } finally {
      channel?.end();
    }
  });
  frozen.catch(() =>
    pages.then(
      (channel) => channel?.destroy(),
      () => undefined,
    ),
  );
  return frozen;
}

function exitOf(record: GuestRecord): JobExit {
  return record.exit ?? { kind: 'unknown', reason: 'no status was recorded' };
}

/** What the rules let the node do; throws the reason of a no, which trying again does not change. */
function allowed<K extends string>(record: GuestRecord, step: GuestStep<K>): K {
  if ('reason' in step) throw new RefusedError(`job ${record.job} on node ${record.you}: ${step.reason}`);
  return step.kind;
}

async function backToRunning(context: GuestContext, record: GuestRecord): Promise<void> {
  const { move } = context.guests.get(record.job, record.cluster);
  const process = move
    ? await driverNamed(move.driver).thaw({
        ...driverJobOf(record, move.generation),
        onIdentified: context.guests.onIdentified(record),
      })
    : processOf(record);
  await context.guests.change(record, { phase: 'running', process, move: null });
  if (record.userStopped) await stopTree(process);
  if (move) await rm(imageDirOf(record, move.generation), { recursive: true, force: true });
}

/** Source: undo the freeze of that move, also of one whose request to freeze is still on its way. */
export function thaw(
  context: GuestContext,
  home: HomeIdentity,
  ref: MoveRef,
): Promise<Record<string, never>> {
  return oneAtATime(context, home, ref.job, async () => {
    const record = context.guests.get(ref.job, home.cluster);
    const step = allowed(record, decideThaw(record, ref.generation));
    if (step === 'thaw') {
      await requireLease(context, record);
      await requireProcesses(record);
    }
    const undone = Math.max(record.undone ?? 0, ref.generation);
    // First, so that no request of that move stops it again.
    if (undone !== record.undone) await context.guests.change(record, { undone });
    if (step === 'thaw') await backToRunning(context, record);
    return {};
  });
}

/** Target: bring the image up, stopped. */
export function restore(
  context: GuestContext,
  home: HomeIdentity,
  ref: MoveRef & { readonly driver: DriverName },
): Promise<Record<string, never>> {
  return oneAtATime(context, home, ref.job, async () => {
    const record = context.guests.get(ref.job, home.cluster);
    if (allowed(record, decideRestore(record, ref.generation)) === 'nothing') return {};
    const move = { generation: ref.generation, driver: ref.driver };
    await context.guests.change(record, { move });
    const process = await driverNamed(ref.driver).restoreStopped(targetJobOf(record, ref.generation));
    await reach('guest.restore made');
    await context.guests.change(record, { phase: 'restored', process });
    return {};
  });
}

/** Target, after the commit: run. Repeating it is safe. */
export function continueGuest(
  context: GuestContext,
  home: HomeIdentity,
  ref: MoveRef & { readonly driver: DriverName },
): Promise<{ readonly pid: number }> {
  return oneAtATime(context, home, ref.job, async () => {
    const record = context.guests.get(ref.job, home.cluster);
    const step = allowed(record, decideContinue(record, ref.generation));
    if (step === 'running') return { pid: processOf(record).pid };
    if (step === 'ended') return { pid: 0 };
    await requireLease(context, record);
    if (record.process) await requireProcesses(record);
    const process = await driverNamed(ref.driver).continue(
      { ...targetJobOf(record, ref.generation), onIdentified: context.guests.onIdentified(record) },
      record.process,
    );
    await reach('guest.continue made');
    const running = await context.guests.change(record, { phase: 'running', process, move: null });
    void context.guests.removeImages(running).catch((error: unknown) => context.log.error(error));
    return { pid: process.pid };
  });
}

/** What stood still is gone: its machine was started anew. Only a program that saved itself needs no processes. */
async function requireProcesses(record: GuestRecord): Promise<void> {
  if (!(await hasProcesses(record)))
    throw new RefusedError(`the processes of job ${record.job} on node ${record.you} are gone`);
}

async function hasProcesses({ process, move, folder }: GuestRecord): Promise<boolean> {
  if (move?.driver === 'app') return true;
  if (process === null) return move?.driver === 'restart';
  return (await isAlive(process)) || (await readExit(folder)) !== null;
}

/**
 * The answer is for good. After a no home gives the copy up, so a request to restore that comes late must not make one; after
 * the source's yes the discard of that move, come late, must not take it.
 */
export function holds(
  context: GuestContext,
  home: HomeIdentity,
  { job, generation }: MoveRef,
): Promise<{ readonly holds: boolean }> {
  return oneAtATime(context, home, job, async () => {
    const record = context.guests.find(job, home.cluster);
    if (!record) return { holds: false };
    const isHeld = holdsCopy(record, generation) && (await hasProcesses(record));
    const isComing = record.phase === 'prepared' && record.generation === generation;
    if (isComing || (isHeld && record.phase === 'frozen'))
      await context.guests.change(record, { undone: generation });
    return { holds: isHeld };
  });
}

/** Source, after the commit of the new generation. Repeating it is safe. */
export function revive(
  context: GuestContext,
  home: HomeIdentity,
  { job, generation, frozenFor }: MoveRef & { readonly frozenFor: number },
): Promise<Record<string, never>> {
  return oneAtATime(context, home, job, async () => {
    const record = context.guests.get(job, home.cluster);
    if (allowed(record, decideRevive(record, frozenFor, generation)) !== 'revive') return {};
    await requireProcesses(record);
    const revived = await context.guests.change(record, { generation, undone: frozenFor });
    await backToRunning(context, revived);
    return {};
  });
}

/**
 * Ends what must not run: at the source the frozen job once the move to `generation` is committed, at the target the
 * copy of a move that was given up. What runs with that generation is never touched.
 */
export function discard(
  context: GuestContext,
  home: HomeIdentity,
  ref: MoveRef & { readonly keepDir: boolean },
): Promise<Record<string, never>> {
  return oneAtATime(context, home, ref.job, async () => {
    const record = context.guests.find(ref.job, home.cluster);
    if (!record) return {};
    const step = allowed(record, decideDiscard(record, ref.generation));
    if (step === 'nothing') return {};
    if (step === 'copy' && record.move) {
      const target = targetJobOf(record, ref.generation);
      await driverNamed(record.move.driver).discardRestored(target, record.process);
    } else if (step === 'frozen' && record.move) {
      await driverNamed(record.move.driver).discard(driverJobOf(record, record.move.generation));
    } else if (record.process) {
      await killTree(record.process);
    }
    // A start that broke off leaves a record with the number of the one that came about, and perhaps the same folder.
    const isShared = record.generation === ref.generation && record.dirShared;
    await context.guests.remove(record, isShared || ref.keepDir);
    return {};
  });
}
