import type { MoveReason } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import type { NodeAccess } from '../node-access.js';
import type { HomeContext } from './homes.js';
import type { HomeJob } from './job.js';

/** One move of one job: who takes part, and how far it is. */
export interface Move {
  readonly context: HomeContext;
  readonly job: HomeJob;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly generation: number;
  readonly why: MoveReason;
  readonly source: NodeAccess;
  readonly target: NodeAccess;
}

/** The target says no, or the job can't be moved: an answer, not an error. */
export class Refusal extends Error {}
