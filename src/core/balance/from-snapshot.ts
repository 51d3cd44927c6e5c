import type { ClusterSnapshot, JobView, NodeView } from '../cluster-map.js';
import type { JobId, NodeId } from '../ids.js';
import type { BalanceJob, BalanceNode, BalanceSnapshot, InFlight } from './types.js';

/** What the balancer asks of a job's spec. */
export interface JobTraits {
  readonly hint: BalanceJob['hint'];
  /** `mosrun -j`: the only nodes it may run on. */
  readonly allowed: readonly NodeId[] | null;
}

export interface SnapshotExtras {
  /** Nodes known to be leaving (shutting down, expelling). */
  readonly leaving?: ReadonlySet<NodeId>;
  readonly traits?: (job: JobId) => JobTraits | undefined;
  /** What a move of the job would transfer; default: its memory for criu, next to nothing for the other drivers. */
  readonly imageBytes?: (job: JobView) => number;
}

/** Of what lies ahead of the clock, which was set back since: how long ago is not known, but it was not just now. */
const unknownAgeMs = 600_000;
/** Reports are never older than this when they count, so older changes are in all of them. */
const inFlightMs = 30_000;
const savedStateBytes = 1024 * 1024;

/** The balancer's two inputs, from the snapshot that mosd and mosmon work with. Ended jobs are left out. */
export function fromClusterSnapshot(
  snapshot: ClusterSnapshot,
  self: NodeId,
  extras: SnapshotExtras = {},
): { readonly snapshot: BalanceSnapshot; readonly jobs: readonly BalanceJob[] } {
  const live = snapshot.jobs.filter(({ state }) => state !== 'done' && state !== 'lost');
  return {
    snapshot: {
      self,
      nodes: snapshot.nodes.map((view) => nodeFrom(view, extras.leaving?.has(view.node) ?? false)),
      inFlight: live.flatMap((job) => inFlightFrom(job, snapshot.atMs)),
    },
    jobs: live.map((job) => jobFrom(job, snapshot.atMs, extras)),
  };
}

function nodeFrom({ node, state, ageMs, report, bandwidth }: NodeView, leaving: boolean): BalanceNode {
  return {
    node,
    state,
    load: report?.load ?? 0,
    ownload: report?.ownload ?? 0,
    speed: report?.speed ?? 0,
    cpus: report?.cpus ?? 0,
    mem: report?.mem ?? 0,
    rmem: report?.rmem ?? 0,
    tmem: report?.tmem ?? 0,
    freeslots: report?.freeslots ?? null,
    block: report?.block ?? false,
    beyond: report?.beyond,
    stay: report?.stay ?? false,
    leaving,
    drivers: report?.drivers ?? [],
    ageMs: report === null ? null : ageMs,
    bandwidth,
  };
}

function jobFrom(job: JobView, atMs: number, { traits, imageBytes }: SnapshotExtras): BalanceJob {
  const { hint, allowed } = traits?.(job.job) ?? { hint: 'none', allowed: null };
  return {
    job: job.job,
    home: job.home,
    where: job.where,
    driver: job.driver,
    cpu: job.cpu,
    rssKib: job.rssKib,
    imageBytes: imageBytes?.(job) ?? defaultImageBytes(job),
    ageMs: sinceThen(atMs, job.startedAtMs),
    sinceMoveMs: job.lastMove ? sinceThen(atMs, job.lastMove.atMs) : null,
    nmigs: job.nmigs,
    hint,
    lock: job.lock,
    cantmove: [...job.cantmove, ...heldByState(job)],
    allowed,
    moving: job.state === 'moving' || job.moving !== undefined,
  };
}

function heldByState({ state }: JobView): string[] {
  if (state === 'starting') return ['it is just starting'];
  if (state === 'stopped') return ['it is stopped'];
  return state === 'unreachable' ? ['its node does not answer'] : [];
}

function defaultImageBytes(job: JobView): number {
  return job.driver === 'criu' ? job.rssKib * 1024 : savedStateBytes;
}

/** What the nodes' reports may not show yet: jobs that start, that move, or did so a moment ago. */
function inFlightFrom(job: JobView, atMs: number): InFlight[] {
  const { rssKib } = job;
  if (job.moving) return [{ from: job.where, to: job.moving.to, rssKib, sinceMs: null }];
  if (job.state === 'starting') return [{ from: null, to: job.where, rssKib, sinceMs: null }];
  const from = job.lastMove?.from ?? null;
  const sinceMs = sinceThen(atMs, job.lastMove?.atMs ?? job.startedAtMs);
  return sinceMs < inFlightMs ? [{ from, to: job.where, rssKib, sinceMs }] : [];
}

function sinceThen(nowMs: number, thenMs: number): number {
  return thenMs > nowMs ? unknownAgeMs : nowMs - thenMs;
}
