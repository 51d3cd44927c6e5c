import type { JobSpec } from '../../core/job-spec.js';
import { unprotected } from '../../core/protection.js';
import type { SubmitAnswer } from '../../protocol/messages.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import { submit as submitJob } from '../home/launch.js';
import { signalJob } from '../home/signals.js';

export function submit(daemon: Daemon, { spec }: { readonly spec: JobSpec }): Promise<SubmitAnswer> {
  return submitJob(homeOfDaemon(daemon), withDefaults(spec, daemon.map.map.admin.checkpoint));
}

/** What the job does not say, the node's own setting does. */
function withDefaults(spec: JobSpec, checkpointSeconds: number): JobSpec {
  if (spec.protection || checkpointSeconds === 0) return spec;
  return { ...spec, protection: { ...unprotected, checkpointMs: checkpointSeconds * 1_000 } };
}

export async function signal(
  daemon: Daemon,
  { job, signal: name }: { readonly job: string; readonly signal: string },
): Promise<Record<string, never>> {
  const home = homeOfDaemon(daemon);
  await signalJob(home, home.homes.get(job), name);
  return {};
}
