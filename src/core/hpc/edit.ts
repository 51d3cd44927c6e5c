import type { Admin, ClusterMap, JobView } from '../cluster-map.js';
import type { JobId } from '../ids.js';
import type { PlaceProblem } from '../map-schema.js';
import { formatPlace } from '../json-place.js';
import type { HpcChange } from './entry.js';

/** An edit of hpc.json by hand: what was in the file before, and what stands there now. */
export interface MapEdit {
  readonly before: ClusterMap;
  readonly edited: ClusterMap;
}

/** What the edit may not do while jobs run, each with its place. */
export function editProblems(
  { before, edited }: MapEdit,
  jobsHere: ReadonlySet<JobId>,
): readonly PlaceProblem[] {
  const problems: PlaceProblem[] = [];
  if (edited.admin.mospe !== before.admin.mospe && jobsHere.size > 0) {
    const message = `${jobsHere.size} jobs were born here as node ${before.admin.mospe}: the number can't change now`;
    problems.push({ place: 'admin.mospe', message });
  }
  for (const [id, job] of Object.entries(edited.jobs)) {
    const isTold = job.goto !== undefined || isChanged(job, before.jobs[id]);
    if (isTold && !jobsHere.has(id)) {
      problems.push({ place: formatPlace(['jobs', id]), message: 'there is no such job here that runs' });
    }
  }
  return problems;
}

/** The settings as the edit leaves them: who writes a speed means it, and `bring` and `expel` are no states. */
export function editedAdmin({ before, edited }: MapEdit): Admin {
  const { admin } = edited;
  const isSpeedNew = admin.speed !== before.admin.speed;
  const speedset = isSpeedNew ? (admin.speed === null ? 0 : 1) : admin.speedset;
  return { ...admin, speedset, bring: 0, expel: 0 };
}

/** What the edit asks for beside settings and map: the same as `mosctl set` would. */
export function editChanges({ before, edited }: MapEdit): readonly HpcChange[] {
  const { bring, expel } = edited.admin;
  return [
    ...(bring === 1 ? [{ kind: 'sendHome', verb: 'bring' } as const] : []),
    ...(expel === 1 ? [{ kind: 'sendHome', verb: 'expel' } as const] : []),
    ...Object.entries(edited.jobs).flatMap(([id, job]) => jobChanges(id, job, before.jobs[id])),
  ];
}

function jobChanges(target: JobId, job: JobView, before: JobView | undefined): HpcChange[] {
  const changes: HpcChange[] = [];
  if (isChanged(job, before)) {
    const { lock, sigmig = null, disclosure = 3 } = job;
    changes.push({ kind: 'job', target, change: { lock, sigmig, disclosure } });
  }
  if (job.goto !== undefined) changes.push({ kind: 'migrate', target, to: job.goto });
  return changes;
}

function isChanged(job: JobView, before: JobView | undefined): boolean {
  return (
    before !== undefined &&
    (job.lock !== before.lock || job.sigmig !== before.sigmig || job.disclosure !== before.disclosure)
  );
}
