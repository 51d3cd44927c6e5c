import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decidePrepare } from '../../core/guest-steps.js';
import { MoskitError, messageOf } from '../../errors.js';
import { killTree } from '../../jobs/process-tree.js';
import { driverNamed } from '../../jobs/choose-driver.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import { readIdentity } from '../../jobs/staging/folder-identity.js';
import { checkProbe, type FolderProbe } from '../../jobs/staging/same-folder.js';
import type { PrepareParams } from '../../protocol/guest-messages.js';
import { parseShape, requirementsSchema } from '../../protocol/schemas.js';
import { ensurePrivateDir } from '../../state/secure-dir.js';
import { bootOf } from '../up-time.js';
import { grantLease } from './lease.js';
import { guestKey, type GuestRecord } from './record.js';
import { targetJobOf, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

export interface PrepareAnswer {
  readonly refused: string | null;
  readonly dirShared: boolean;
}

/** Admission: may this job come here? Then its folder and record are made. Repeating it is safe. */
export function prepare(
  context: GuestContext,
  home: HomeIdentity,
  params: PrepareParams,
): Promise<PrepareAnswer> {
  return context.guests.queue.run(guestKey(params.job, home.cluster), async () => {
    const refused =
      (await refusedByState(context, home, params)) ??
      refusedByPolicy(context, params) ??
      (await refusedByFolder(params)) ??
      (await refusedByDriver(params));
    if (refused !== null) {
      tell(context, params, 'refused', refused);
      return { refused, dirShared: false };
    }
    tell(context, params, 'came', params.move ? `by a move, ${params.move.driver}` : 'to be started');
    return accept(context, home, params);
  });
}

function tell(context: GuestContext, params: PrepareParams, event: string, reason: string): void {
  const { job, generation, you } = params;
  context.history.add({ event, job, generation, node: you, reason });
}

/** A stopped leftover of an earlier move is cleared away; something that runs is not touched. */
async function refusedByState(
  context: GuestContext,
  home: HomeIdentity,
  params: PrepareParams,
): Promise<string | null> {
  if (context.guests.isUnreadable(params.job, home.cluster))
    return `node ${params.you} has a damaged record of job ${params.job}`;
  const old = context.guests.find(params.job, home.cluster);
  const step = decidePrepare(old ?? null, params.generation);
  if (step.kind === 'no') return `job ${params.job} on node ${params.you}: ${step.reason}`;
  if (!old || step.kind === 'admit') return null;
  if (old.process) await killTree(old.process);
  else if (old.move)
    await driverNamed(old.move.driver).discardRestored(targetJobOf(old, old.generation), null);
  await context.guests.remove(old, old.dirShared);
  return null;
}

function refusedByPolicy(context: GuestContext, params: PrepareParams): string | null {
  if (params.homecoming) return null;
  const report = context.report();
  if (report.block) return `block is set on node ${params.you}`;
  if (report.freeslots !== null && report.freeslots <= 0) return `node ${params.you} takes no more guests`;
  if (report.beyond !== undefined) return `node ${params.you} is ${report.beyond}`;
  return null;
}

async function refusedByFolder(params: PrepareParams): Promise<string | null> {
  if (params.cwdProbe !== null && !(await seesSame(params.cwdProbe))) {
    return `the working folder ${params.spec.folder.cwd} is used in place and node ${params.you} does not see the same folder`;
  }
  return null;
}

function refusedByDriver(params: PrepareParams): Promise<string | null> {
  if (!params.move) return Promise.resolve(null);
  return driverNamed(params.move.driver).admit(
    parseShape(requirementsSchema, params.move.requirements, 'requirements'),
  );
}

export async function seesSame(probe: unknown): Promise<boolean> {
  return (await checkProbe(probe as FolderProbe)).same;
}

async function accept(
  context: GuestContext,
  home: HomeIdentity,
  params: PrepareParams,
): Promise<PrepareAnswer> {
  const key = guestKey(params.job, home.cluster);
  const dir = join(params.jobsRoot, key);
  const dirShared = params.dirProbe !== null && (await seesSame(params.dirProbe));
  try {
    await ensurePrivateDir(params.jobsRoot);
    if (!dirShared) {
      if (await mayBeLive(dir, params.dirProbe))
        throw new MoskitError('it may be the one that the job is in');
      await makeJobDir(dir, params.carried);
    }
  } catch (error) {
    return {
      refused: `node ${params.you} can't make the job's folder ${dir}: ${messageOf(error)}`,
      dirShared: false,
    };
  }
  const record: GuestRecord = {
    format: 1,
    job: params.job,
    cluster: home.cluster,
    home: home.home,
    you: params.you,
    generation: params.generation,
    phase: 'prepared',
    spec: params.spec,
    jobsRoot: params.jobsRoot,
    folder: { dir, cwd: params.carried ? join(dir, 'cwd') : params.spec.folder.cwd },
    carried: params.carried,
    dirShared,
    process: null,
    move: null,
    userStopped: false,
    exit: null,
    boot: bootOf(),
    startedAtMs: Date.now(),
  };
  await context.guests.save(record);
  await grantLease(context, record);
  context.arrived();
  return { refused: null, dirShared };
}

/** A probe that is gone (home has given the request up) says nothing: the same inode may be the very folder of the job. */
async function mayBeLive(dir: string, probe: unknown): Promise<boolean> {
  if (probe === null) return false;
  const here = await readIdentity(dir).catch(() => null);
  return here !== null && here.ino === (probe as FolderProbe).identity.ino;
}

/** Makes the folder afresh. What stands there and has no record is a leftover of ours: the parent is 0700 and ours. */
async function makeJobDir(dir: string, carried: boolean): Promise<void> {
  await removeTree(dir);
  await mkdir(dir, { mode: 0o700 });
  await mkdir(join(dir, 'tmp'), { mode: 0o700 });
  if (carried) await mkdir(join(dir, 'cwd'), { mode: 0o700 });
  const made = await lstat(dir);
  if (!made.isDirectory()) throw new MoskitError(`${dirname(dir)} was tampered with`);
}
