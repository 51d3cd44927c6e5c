import { constants } from 'node:os';
import type { ClusterMap, Disclosure } from '../../core/cluster-map.js';
import type { JobId } from '../../core/ids.js';
import type { JobSpec } from '../../core/job-spec.js';
import { unprotected } from '../../core/protection.js';
import { RefusedError, UsageError } from '../../errors.js';
import type { JobChange, SubmitAnswer } from '../../protocol/messages.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import type { HomeContext, Homes } from '../home/homes.js';
import { whereIs, type HomeJob } from '../home/job.js';
import { submit as submitJob } from '../home/launch.js';
import { signalJob } from '../home/signals.js';

export function submit(daemon: Daemon, { spec }: { readonly spec: JobSpec }): Promise<SubmitAnswer> {
  return submitJob(homeOfDaemon(daemon), withDefaults(spec, daemon.map.map));
}

/** What the job does not say, the node's own settings do. */
function withDefaults(spec: JobSpec, { admin, decay }: Pick<ClusterMap, 'admin' | 'decay'>): JobSpec {
  const isProtected = spec.protection !== undefined || admin.checkpoint === 0;
  return {
    ...spec,
    ...(isProtected ? {} : { protection: { ...unprotected, checkpointMs: admin.checkpoint * 1_000 } }),
    decay: spec.decay ?? decay.policy,
    hint: spec.hint === 'none' ? decay.hint : spec.hint,
    disclosure: spec.disclosure ?? admin.disclosure,
  };
}

/** /proc/PID/lock, sigmig and disclosure. */
export async function setJob(
  daemon: Daemon,
  { target, change }: { readonly target: JobId | number; readonly change: JobChange },
): Promise<Record<string, never>> {
  const home = homeOfDaemon(daemon);
  const job = ownJob(home.homes, target);
  const { lock, sigmig, disclosure } = change;
  if (sigmig != null && !Object.hasOwn(constants.signals, sigmig))
    throw new UsageError(`${sigmig} is no signal`, { hint: 'for example USR1; kill -l lists them' });
  const record = {
    ...(lock === undefined ? {} : { lock }),
    ...(sigmig === undefined ? {} : { sigmig }),
    ...(disclosure === undefined ? {} : { spec: { ...job.record.spec, disclosure } }),
  };
  await home.homes.change(job, record);
  if (disclosure !== undefined) await tellNode(home, job, disclosure);
  return {};
}

function ownJob(homes: Homes, target: JobId | number): HomeJob {
  const job = homes
    .active()
    .find(({ record }) => record.job === target || record.spec.deputy?.pid === target);
  if (job) return job;
  throw new RefusedError(
    typeof target === 'number'
      ? `PID ${target} belongs to no job that was born here`
      : `there is no job ${target} here that runs`,
    { hint: 'mps lists the jobs of this node' },
  );
}

async function tellNode(home: HomeContext, job: HomeJob, disclosure: Disclosure): Promise<void> {
  const place = whereIs(job);
  if (!place) return;
  await home.nodes.access(place.where).call('guest.disclose', { job: job.record.job, disclosure });
}

export async function signal(
  daemon: Daemon,
  { job, signal: name }: { readonly job: string; readonly signal: string },
): Promise<Record<string, never>> {
  const home = homeOfDaemon(daemon);
  await signalJob(home, home.homes.get(job), name);
  return {};
}
