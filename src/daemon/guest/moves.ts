import { rm, mkdir } from 'node:fs/promises';
import { MoskitError } from '../../errors.js';
import { driverNamed, probeDrivers } from '../../jobs/choose-driver.js';
import { killTree, stopTree } from '../../jobs/process-tree.js';
import type {
  FreezeAnswer,
  FreezeParams,
  JobRef,
  MoveRef,
  ProbedDriver,
} from '../../protocol/guest-messages.js';
import type { DriverName } from '../../core/job-spec.js';
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
    if (found.phase === 'ended' && found.exit) return { kind: 'ended', exit: found.exit };
    if (found.phase !== 'running') throw new MoskitError(`job ${params.job} is ${found.phase}, not running`);
    // A driver must not take our standstill for the user's.
    const record = await context.output.release(found);
    const move = { generation: params.generation, driver: params.driver };
    await mkdir(imageDirOf(record, params.generation), { recursive: true, mode: 0o700 });
    const channel = await pages;
    await context.guests.change(record, { phase: 'freezing', move });
    try {
      const frozen = await driverNamed(params.driver).freeze(driverJobOf(record, params.generation), channel);
      if (frozen.kind === 'ended') {
        await context.guests.change(record, { phase: 'running', move: null });
        await context.guests.ended(record, frozen.exit);
        return frozen;
      }
      await context.guests.change(record, { phase: 'frozen' });
      return frozen;
    } catch (error) {
      await backToRunning(context, record, params.generation);
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

async function backToRunning(context: GuestContext, record: GuestRecord, generation: number): Promise<void> {
  const { move } = context.guests.get(record.job, record.cluster);
  const process = move
    ? await driverNamed(move.driver).thaw({
        ...driverJobOf(record, generation),
        onIdentified: context.guests.onIdentified(record),
      })
    : processOf(record);
  await context.guests.change(record, { phase: 'running', process, move: null });
  if (record.userStopped) await stopTree(process);
  await rm(imageDirOf(record, generation), { recursive: true, force: true });
}

/** Source: undo the freeze of that move. Nothing to do when it runs. */
export function thaw(
  context: GuestContext,
  home: HomeIdentity,
  ref: MoveRef,
): Promise<Record<string, never>> {
  return oneAtATime(context, home, ref.job, async () => {
    const record = context.guests.get(ref.job, home.cluster);
    if (record.phase !== 'frozen' && record.phase !== 'freezing') return {};
    if (record.move?.generation !== ref.generation) {
      throw new MoskitError(
        `job ${ref.job} is frozen for generation ${record.move?.generation}, not ${ref.generation}`,
      );
    }
    await backToRunning(context, record, ref.generation);
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
    const record = atGeneration(context, home, ref);
    if (record.phase === 'restored') return {};
    if (record.phase !== 'prepared') throw new MoskitError(`job ${ref.job} is ${record.phase}, not prepared`);
    const move = { generation: ref.generation, driver: ref.driver };
    await context.guests.change(record, { move });
    const process = await driverNamed(ref.driver).restoreStopped(targetJobOf(record, ref.generation));
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
    const record = atGeneration(context, home, ref);
    if (record.phase === 'running') return { pid: processOf(record).pid };
    if (record.phase === 'ended') return { pid: 0 };
    if (record.phase !== 'restored') throw new MoskitError(`job ${ref.job} is ${record.phase}, not restored`);
    const process = await driverNamed(ref.driver).continue(
      { ...targetJobOf(record, ref.generation), onIdentified: context.guests.onIdentified(record) },
      record.process,
    );
    const running = await context.guests.change(record, { phase: 'running', process, move: null });
    void context.guests.removeImages(running).catch((error: unknown) => context.log.error(error));
    return { pid: process.pid };
  });
}

function atGeneration(context: GuestContext, home: HomeIdentity, ref: MoveRef): GuestRecord {
  const record = context.guests.get(ref.job, home.cluster);
  if (record.generation !== ref.generation) {
    throw new MoskitError(
      `node ${record.you} has generation ${record.generation} of job ${ref.job}, not ${ref.generation}`,
    );
  }
  return record;
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
    if (!record || record.generation > ref.generation) return {};
    if (record.generation === ref.generation) {
      if (record.phase === 'running' || record.phase === 'ended') {
        throw new MoskitError(`job ${ref.job} runs here as generation ${ref.generation}: not discarded`);
      }
      if (record.move) {
        await driverNamed(record.move.driver).discardRestored(
          targetJobOf(record, ref.generation),
          record.process,
        );
      }
    } else if (record.process && (record.phase === 'frozen' || record.phase === 'freezing') && record.move) {
      await driverNamed(record.move.driver).discard(driverJobOf(record, record.move.generation));
    } else if (record.process) {
      await killTree(record.process);
    }
    const isCopy = record.generation === ref.generation;
    await context.guests.remove(record, isCopy ? record.dirShared : ref.keepDir);
    return {};
  });
}
