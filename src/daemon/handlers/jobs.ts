import type { JobSpec } from '../../core/job-spec.js';
import type { SubmitAnswer } from '../../protocol/messages.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import { submit as submitJob } from '../home/launch.js';
import { signalJob } from '../home/signals.js';

export function submit(daemon: Daemon, { spec }: { readonly spec: JobSpec }): Promise<SubmitAnswer> {
  return submitJob(homeOfDaemon(daemon), spec);
}

export async function signal(
  daemon: Daemon,
  { job, signal: name }: { readonly job: string; readonly signal: string },
): Promise<Record<string, never>> {
  const home = homeOfDaemon(daemon);
  await signalJob(home, home.homes.get(job), name);
  return {};
}
