import { setTimeout as delay } from 'node:timers/promises';
import type { JobExit } from '../core/cluster-map.js';
import type { JobSpec } from '../core/job-spec.js';
import { MoskitError } from '../errors.js';
import type { Driver, DriverJob, FreezeResult, JobProcess, ProbeResult } from './driver.js';
import { handlesSignal } from './handles-signal.js';
import { continueTree, isAlive, killTree, signalJob } from './process-tree.js';
import { plainRequirements } from './requirements.js';
import { readExit } from './sandbox.js';
import { startAgain } from './start-again.js';

/** A program that does not leave within this time after its signal goes on where it is. */
const saveMs = 10 * 60_000;
const lookMs = 20;

/** "Saved, start me again": as HTCondor's checkpoint exit code. */
export function exitMeansCheckpoint(spec: JobSpec, exit: JobExit): boolean {
  return spec.relocation.ckptExit !== null && exit.kind === 'code' && exit.code === spec.relocation.ckptExit;
}

/** The program saves itself: a signal, an exit with the agreed code, then its restart command. */
export const appDriver: Driver = {
  name: 'app',
  probe,
  admit: () => Promise.resolve(null),
  freeze: save,
  thaw: resume,
  discard: (job) => killTree(job.process),
  receivePages: null,
  restoreStopped: () => Promise.resolve(null),
  continue: (job, started) => (started ? resume({ ...job, process: started }) : goOn(job)),
  discardRestored: () => Promise.resolve(),
};

async function probe({ spec, process }: Pick<DriverJob, 'spec' | 'process'>): Promise<ProbeResult> {
  const { ckptExit, ckptSignal } = spec.relocation;
  if (ckptExit === null) return no('the job gave no --ckpt-signal, --ckpt-exit or --restart');
  if (ckptSignal === null) return no('the program saves itself on its own schedule only (no --ckpt-signal)');
  // The signal would end it instead: that happens to a program that has only just started.
  if (!(await handlesSignal(process, ckptSignal)))
    return no(`the program does not handle ${ckptSignal} (yet)`);
  return plainRequirements('app', process);
}

function no(reason: string): ProbeResult {
  return { ok: false, reasons: [reason] };
}

async function save({ spec, folder, process }: DriverJob): Promise<FreezeResult> {
  const { ckptSignal } = spec.relocation;
  if (ckptSignal === null) throw new MoskitError('the program saves itself on its own schedule only');
  if ((await readExit(folder)) === null && !(await handlesSignal(process, ckptSignal)))
    throw new MoskitError(`the program does not handle ${ckptSignal} (yet)`);
  await signalJob(process, ckptSignal);
  await continueTree(process); // also what the user has stopped must run to save itself
  const giveUpAt = performance.now() + saveMs;
  while (performance.now() < giveUpAt) {
    const ended = await endOf({ spec, folder, process });
    if (ended) return ended;
    await delay(lookMs);
  }
  throw new MoskitError(`the program did not leave within ${saveMs / 60_000} minutes after ${ckptSignal}`, {
    hint: 'does it handle that signal and exit with the code of --ckpt-exit?',
  });
}

async function endOf({
  spec,
  folder,
  process,
}: Pick<DriverJob, 'spec' | 'folder' | 'process'>): Promise<FreezeResult | null> {
  const alive = await isAlive(process); // asked first: the status is written before the end
  const exit = await readExit(folder);
  if (exit) {
    await killTree(process);
    return exitMeansCheckpoint(spec, exit) ? { kind: 'frozen', bytes: 0 } : { kind: 'ended', exit };
  }
  if (alive) return null;
  return { kind: 'ended', exit: { kind: 'unknown', reason: 'it was killed while it saved itself' } };
}

/** A program that did not leave still runs; one that ended in another way than agreed is over. */
async function resume(job: DriverJob): Promise<JobProcess> {
  const exit = await readExit(job.folder);
  if (exit === null ? await isAlive(job.process) : !exitMeansCheckpoint(job.spec, exit)) return job.process;
  return goOn(job);
}

function goOn(job: Pick<DriverJob, 'spec' | 'folder' | 'env' | 'onIdentified'>): Promise<JobProcess> {
  const { restart } = job.spec.relocation;
  return startAgain(job, restart === null ? job.spec.argv : ['sh', '-c', restart]);
}
