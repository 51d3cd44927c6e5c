import type { HomeContext } from './homes.js';
import { whereIs, type HomeJob } from './job.js';

/** A new job is asked soon, so that the balancer knows; later now and then, because what a program has open changes. */
const firstProbeMs = 1_000;
const probeEveryMs = 20_000;
const probesAtOnce = 4;

/** Keeps `cantmove` fresh: asks the nodes what the drivers' probes say of the jobs there. */
export async function refreshMobility(context: HomeContext, nowMs: number): Promise<void> {
  const due = context.homes.active().filter((job) => isDue(job, nowMs));
  await Promise.all(due.slice(0, probesAtOnce).map((job) => probeJob(context, job)));
}

function isDue(job: HomeJob, nowMs: number): boolean {
  if (job.record.phase !== 'running' || job.moving) return false;
  if (job.mobility) return nowMs - job.mobility.probedMs > probeEveryMs;
  return nowMs - job.care.knownMs > firstProbeMs;
}

export async function probeJob(context: HomeContext, job: HomeJob): Promise<void> {
  const place = whereIs(job);
  if (!place) return;
  try {
    const { drivers } = await context.nodes
      .access(place.where)
      .call('guest.probe', { job: job.record.job }, { timeoutMs: 20_000 });
    job.mobility = { probedMs: performance.now(), drivers };
  } catch {
    // It ended, moves, or its node is away: the next round tells.
    if (job.mobility) job.mobility = { ...job.mobility, probedMs: performance.now() };
  }
}
