import type { JobExit, MoveRecord } from '../../core/cluster-map.js';
import type { JobId, NodeId } from '../../core/ids.js';
import type { JobSpec } from '../../core/job-spec.js';

/** What home writes down of a job born here. Where it is follows from the journal of its moves (core/relocation). */
export interface HomeRecord {
  readonly format: 1;
  readonly job: JobId;
  readonly spec: JobSpec;
  readonly jobsRoot: string;
  readonly carried: boolean;
  /** Where and as which generation it was started; moves are in the journal. */
  readonly start: { readonly where: NodeId; readonly generation: number } | null;
  readonly phase: 'starting' | 'running' | 'collecting' | 'done' | 'lost';
  readonly detached: boolean;
  readonly lock: boolean;
  /** Signal that it gets after each move. */
  readonly sigmig?: string | null;
  readonly userStopped: boolean;
  /** Its node is lost, and it waits to be started elsewhere. */
  readonly stranded?: { readonly reason: string; readonly sinceMs: number } | null;
  /** Signals for a node that did not answer. */
  readonly pendingSignals?: readonly string[];
  readonly lastMove: MoveRecord | null;
  readonly exit: JobExit | null;
  /** Text that the recording sh wrote, for example that the command was not found. */
  readonly messages: string;
  /** Lines for the user that no deputy has shown yet. */
  readonly notices: readonly string[];
  /** Output that a deputy has written out. */
  readonly delivered: { readonly stdout: number; readonly stderr: number };
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}
