import type { ClusterSnapshot, JobState, MoveRecord } from '../core/cluster-map.js';
import type { JobId, NodeId } from '../core/ids.js';

/** One line of the jobs pane: a job born here, or (`guest`) somebody else's that runs here. */
export interface JobRow {
  readonly job: JobId;
  readonly pid: number | null;
  readonly where: NodeId;
  readonly movingTo: NodeId | null;
  readonly state: JobState | 'guest';
  /** null = only its home knows. */
  readonly nmigs: number | null;
  readonly cpu: number;
  readonly rssKib: number;
  readonly command: string;
  readonly cantmove: readonly string[];
  readonly lock: boolean;
  readonly driver: string | null;
  readonly step: string | null;
  readonly lastMove: MoveRecord | null;
  readonly home: NodeId;
}

const cache = new WeakMap<ClusterSnapshot, readonly JobRow[]>();

/** In the order of their births; guests behind. */
export function jobRowsOf(snapshot: ClusterSnapshot): readonly JobRow[] {
  const known = cache.get(snapshot);
  if (known) return known;
  const rows = [...ownJobs(snapshot), ...guests(snapshot)];
  cache.set(snapshot, rows);
  return rows;
}

function ownJobs({ jobs }: ClusterSnapshot): readonly JobRow[] {
  return jobs
    .toSorted((a, b) => compareIds(a.job, b.job))
    .map((job) => ({
      ...job,
      movingTo: job.moving?.to ?? null,
      step: job.moving?.step ?? null,
      lastMove: job.lastMove ?? null,
    }));
}

function guests({ jobs, guests: all, self }: ClusterSnapshot): readonly JobRow[] {
  const own = new Set(jobs.map(({ job }) => job));
  const foreign = all.filter(({ job }) => !own.has(job)).toSorted((a, b) => compareIds(a.job, b.job));
  return foreign.map(({ job, pid, cpu, rssKib, command, from }) => ({
    job,
    pid,
    where: self,
    movingTo: null,
    state: 'guest',
    nmigs: null,
    cpu,
    rssKib,
    command,
    cantmove: [],
    lock: false,
    driver: null,
    step: null,
    lastMove: null,
    home: from,
  }));
}

function compareIds(a: JobId, b: JobId): number {
  const [homeA = 0, numberA = 0] = a.split('-').map(Number);
  const [homeB = 0, numberB = 0] = b.split('-').map(Number);
  return homeA - homeB || numberA - numberB;
}
