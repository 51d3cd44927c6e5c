import type { ClusterSnapshot, JobView, MoveRecord } from '../core/cluster-map.js';
import type { JobId } from '../core/ids.js';

export interface SeenMove {
  readonly job: JobId;
  readonly record: MoveRecord;
}

const kept = 100;

/** The moves seen so far, the newest first; a job that moved twice between two snapshots shows the later move. */
export function addMoves(
  seen: readonly SeenMove[],
  previous: ClusterSnapshot | null,
  next: ClusterSnapshot,
): readonly SeenMove[] {
  const before = new Map((previous?.jobs ?? []).map((job) => [job.job, job]));
  const fresh = next.jobs.flatMap((job) => newMove(before.get(job.job), job));
  if (fresh.length === 0) return seen;
  fresh.sort((a, b) => b.record.atMs - a.record.atMs);
  return [...fresh, ...seen].slice(0, kept);
}

function newMove(before: JobView | undefined, { job, nmigs, lastMove }: JobView): readonly SeenMove[] {
  if (!lastMove) return [];
  const known = before?.lastMove;
  const same = known?.atMs === lastMove.atMs && before?.nmigs === nmigs;
  return same ? [] : [{ job, record: lastMove }];
}
