import type { JobExit } from '../../core/cluster-map.js';
import type { GuestPhase } from '../../core/guest-steps.js';
import type { JobId, NodeId } from '../../core/ids.js';
import type { OutputOffsets } from '../../core/output-flow.js';
import type { DriverName, JobSpec } from '../../core/job-spec.js';
import type { JobFolder, JobProcess } from '../../jobs/driver.js';

/** What mosd writes down of a guest, so that the next mosd can take it over. No run-time handles in here. */
export interface GuestRecord {
  readonly format: 1;
  readonly job: JobId;
  /** Identity of the home installation: two clusters may both have a job 1-17. */
  readonly cluster: string;
  readonly home: NodeId;
  readonly you: NodeId;
  readonly generation: number;
  readonly phase: GuestPhase;
  readonly spec: JobSpec;
  readonly jobsRoot: string;
  readonly folder: JobFolder;
  readonly carried: boolean;
  /** Another node sees the same job folder: never delete it on leaving. */
  readonly dirShared: boolean;
  readonly process: JobProcess | null;
  /** The move that froze it: generation and driver. */
  readonly move: { readonly generation: number; readonly driver: DriverName } | null;
  /** Generation of the newest move that was given up: a request of that move which comes late is refused. */
  readonly undone?: number;
  /** The user stopped it (Ctrl-Z): it stays stopped wherever it goes. */
  readonly userStopped: boolean;
  /** It saved itself and is being started again; so it is done once more if mosd ends meanwhile. */
  readonly startsAgain?: boolean;
  /** It stands still until home has taken its output. */
  readonly outputHeld?: boolean;
  /** Output that home has on its disk; its space may have been given back. */
  readonly safeOutput?: OutputOffsets;
  readonly exit: JobExit | null;
  /** Which start of this machine its processes belong to (`bootOf`). */
  readonly boot?: string;
  /** An image is being made of it, and it goes on by itself afterwards: no move has frozen it. */
  readonly imaging?: { readonly sequence: number; readonly driver: DriverName } | null;
  readonly startedAtMs: number;
}

export function guestKey(job: JobId, cluster: string): string {
  return `${job}.${cluster.slice(0, 6)}`;
}

/** The job's folder as it was when the last image was made; the next time only what changed is copied. */
export function snapshotDirOf(record: Pick<GuestRecord, 'folder'>): string {
  return `${record.folder.dir}.snapshot`;
}

/** Image of a checkpoint, until home has it. */
export function checkpointDirOf(record: Pick<GuestRecord, 'folder'>, sequence: number): string {
  return `${record.folder.dir}.checkpoint-${sequence}`;
}

export function imageDirOf(record: Pick<GuestRecord, 'folder'>, generation: number): string {
  return `${record.folder.dir}.image-${generation}`;
}
