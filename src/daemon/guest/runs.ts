import { decideForget, decideStart } from '../../core/guest-steps.js';
import { MoskitError, RefusedError } from '../../errors.js';
import { driverNamed } from '../../jobs/choose-driver.js';
import { continueTree, killTree, signalJob, stopTree } from '../../jobs/process-tree.js';
import { startJob } from '../../jobs/sandbox.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import { makeProbe, removeProbe, type FolderProbe } from '../../jobs/staging/same-folder.js';
import type { GuestSummary, JobRef, MoveRef } from '../../protocol/guest-messages.js';
import { seesSame } from './admission.js';
import { jobEnvironment } from './environment.js';
import { isLapsed, requireLease } from './lease.js';
import { guestKey } from './record.js';
import { driverJobOf, processOf, startedMeanwhile, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

export function list(context: GuestContext, home: HomeIdentity): Promise<readonly GuestSummary[]> {
  const known = context.guests
    .all()
    .filter((record) => record.cluster === home.cluster)
    .map(({ job, generation, phase, exit }) => ({
      ...{ job, generation, phase },
      ...(exit?.kind === 'unknown' && exit.rebooted === true ? { rebooted: true } : {}),
    }));
  const unreadable = context.guests
    .unreadableOf(home.cluster)
    .map((job) => ({ job, generation: 0, phase: 'damaged' }));
  return Promise.resolve([...known, ...unreadable]);
}

export async function checkFolder(
  _context: GuestContext,
  _home: HomeIdentity,
  params: { readonly probe: unknown },
): Promise<{ readonly same: boolean }> {
  return { same: await seesSame(params.probe) };
}

/** Leaves a probe in the job's folder, for another node to look for. */
export async function probeFolder(
  context: GuestContext,
  home: HomeIdentity,
  { job }: JobRef,
): Promise<{ readonly probe: unknown }> {
  return { probe: await makeProbe(context.guests.get(job, home.cluster).folder.dir) };
}

export async function unprobeFolder(
  context: GuestContext,
  _home: HomeIdentity,
  params: { readonly probe: unknown },
): Promise<Record<string, never>> {
  const probe = params.probe as FolderProbe;
  const isOurs = context.guests.all().some((record) => record.folder.dir === probe.dir);
  if (isOurs) await removeProbe(probe);
  return {};
}

/** Starts a prepared job. Starting one that runs already answers its PID again. */
export function start(
  context: GuestContext,
  home: HomeIdentity,
  { job, generation }: MoveRef,
): Promise<{ readonly pid: number }> {
  return context.guests.queue.run(guestKey(job, home.cluster), async () => {
    const record = await startedMeanwhile(context.guests.get(job, home.cluster));
    const step = decideStart(record, generation);
    if (step.kind === 'no') throw new RefusedError(`job ${job} can't be started: ${step.reason}`);
    if (step.kind === 'running') {
      await context.guests.change(record, { phase: 'running' });
      return { pid: processOf(record).pid };
    }
    await requireLease(context, record);
    const process = await startJob({
      folder: record.folder,
      argv: record.spec.argv,
      env: jobEnvironment(record),
      umask: record.spec.umask,
      stdin: record.spec.stdin,
      onIdentified: context.guests.onIdentified(record),
    });
    await context.guests.change(record, { phase: 'running', process, startedAtMs: Date.now() });
    return { pid: process.pid };
  });
}

/** Signals reach a job wherever it is. A stopped job stays stopped through moves until SIGCONT. */
export function signal(
  context: GuestContext,
  home: HomeIdentity,
  { job, signal: name }: JobRef & { readonly signal: string },
): Promise<Record<string, never>> {
  return context.guests.queue.run(guestKey(job, home.cluster), async () => {
    const record = context.guests.get(job, home.cluster);
    if (record.phase !== 'running')
      throw new MoskitError(`job ${job} is ${record.phase} here and takes no signal now`);
    const process = processOf(record);
    if (name === 'SIGSTOP' || name === 'SIGTSTP' || name === 'SIGTTIN' || name === 'SIGTTOU') {
      await stopTree(process);
      await context.guests.change(record, { userStopped: true, outputHeld: false });
    } else if (name === 'SIGCONT') {
      await context.guests.change(record, { userStopped: false, outputHeld: false });
      // One whose lease is over is woken when that is renewed.
      if (await isLapsed(context, record)) return {};
      await continueTree(process);
      await signalJob(process, name);
    } else {
      await signalJob(process, name);
      // One that stands still for its output must be able to act on it; it is held again if need be.
      await context.output.release(record);
    }
    return {};
  });
}

/** Home has everything of a job that is over (or was never started). */
export function forget(
  context: GuestContext,
  home: HomeIdentity,
  { job, generation, keepDir }: MoveRef & { readonly keepDir: boolean },
): Promise<Record<string, never>> {
  return context.guests.queue.run(guestKey(job, home.cluster), async () => {
    const record = context.guests.find(job, home.cluster);
    const step = decideForget(record ?? null, generation);
    if (!record || step.kind === 'nothing') return {};
    if (step.kind === 'frozen' && record.move) {
      await driverNamed(record.move.driver).discard(driverJobOf(record, record.move.generation));
    } else if (record.process) {
      await killTree(record.process);
    }
    await context.guests.remove(record, keepDir);
    if (!keepDir) await removeTree(record.folder.dir);
    return {};
  });
}
