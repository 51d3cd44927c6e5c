import { setTimeout as delay } from 'node:timers/promises';
import type { JobExit } from '../core/cluster-map.js';
import type { JobSpec } from '../core/job-spec.js';
import { MoskitError } from '../errors.js';
import type { Driver, DriverJob, FreezeResult } from './driver.js';
import { isAlive, killTree, signalJob } from './process-tree.js';
import { plainRequirements } from './requirements.js';
import { readExit } from './sandbox.js';
import { startAgain } from './start-again.js';

/** A program that does not leave within this time after its signal goes on where it is. */
const saveMs = 10 * 60_000;
const lookMs = 50;

/** "Saved, start me again": as HTCondor's checkpoint exit code. */
export function exitMeansCheckpoint(spec: JobSpec, exit: JobExit): boolean {
  return spec.relocation.ckptExit !== null && exit.kind === 'code' && exit.code === spec.relocation.ckptExit;
}

/** The program saves itself: a signal, an exit with the agreed code, then its restart command. */
export const appDriver: Driver = {
  name: 'app',
  probe: ({ spec, process }) => {
    if (spec.relocation.ckptExit === null)
      return Promise.resolve(no('the job gave no --ckpt-signal, --ckpt-exit or --restart'));
    if (spec.relocation.ckptSignal === null) {
      return Promise.resolve(no('the program saves itself on its own schedule only (no --ckpt-signal)'));
    }
    return plainRequirements('app', process);
  },
  admit: () => Promise.resolve(null),
  freeze: save,
  thaw: (job) => resume(job),
  discard: (job) => killTree(job.process),
  receivePages: null,
  restoreStopped: () => Promise.resolve(null),
  continue: (job) => resume(job),
  discardRestored: () => Promise.resolve(),
};

function no(reason: string): { readonly ok: false; readonly reasons: readonly string[] } {
  return { ok: false, reasons: [reason] };
}

async function save({ spec, folder, process }: DriverJob): Promise<FreezeResult> {
  const { ckptSignal } = spec.relocation;
  if (ckptSignal === null) throw new MoskitError('the program saves itself on its own schedule only');
  await signalJob(process, ckptSignal);
  for (const end = Date.now() + saveMs; Date.now() < end; await delay(lookMs)) {
    const exit = await readExit(folder);
    if (exit) {
      await killTree(process);
      return exitMeansCheckpoint(spec, exit) ? { kind: 'frozen', bytes: 0 } : { kind: 'ended', exit };
    }
    if (!(await isAlive(process))) {
      const last = await readExit(folder);
      if (!last)
        return { kind: 'ended', exit: { kind: 'unknown', reason: 'it was killed while it saved itself' } };
    }
  }
  throw new MoskitError(`the program did not leave within ${saveMs / 60_000} minutes after ${ckptSignal}`, {
    hint: 'does it handle that signal and exit with the code of --ckpt-exit?',
  });
}

/** A program that did not leave still runs: then there is nothing to start. */
async function resume(
  job: Pick<DriverJob, 'spec' | 'folder' | 'env'> & Partial<Pick<DriverJob, 'process'>>,
): ReturnType<Driver['thaw']> {
  if (job.process && (await isAlive(job.process)) && (await readExit(job.folder)) === null)
    return job.process;
  const { restart } = job.spec.relocation;
  return startAgain(job, restart === null ? job.spec.argv : ['sh', '-c', restart]);
}
