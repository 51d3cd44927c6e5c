import type { MoveReason, NodeState } from '../cluster-map.js';
import type { JobId, NodeId } from '../ids.js';

/** Injected source of chance: a number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** What home knows of one node when it decides. Units are those of `NodeReport`. */
export interface BalanceNode {
  readonly node: NodeId;
  readonly state: NodeState;
  /** Exported load: pessimistic, so it is what a node is judged by as a *target*. */
  readonly load: number;
  /** The node's own view: falls at once, so it is what a node is judged by as a *source*. */
  readonly ownload: number;
  readonly speed: number;
  readonly cpus: number;
  /** Logical free memory, KiB. */
  readonly mem: number;
  /** Physically free memory, KiB. */
  readonly rmem: number;
  readonly tmem: number;
  /** Guests it still takes; null = no limit. */
  readonly freeslots: number | null;
  readonly block: boolean;
  /** Which of its limits it is beyond; it then takes no more guests. */
  readonly beyond?: string | undefined;
  /** `stay`: nothing leaves this node by itself. */
  readonly stay: boolean;
  /** It is being shut down or expels its guests: everything leaves, nothing arrives. */
  readonly leaving: boolean;
  readonly drivers: readonly string[];
  /** Age of the report, ms; null = none was ever received. */
  readonly ageMs: number | null;
  /** Bandwidth of the link from home, bytes per second; null = not measured yet (or home itself). */
  readonly bandwidth: number | null;
}

/** A placement or a move that the nodes' reports may not show yet. */
export interface InFlight {
  /** null = a new job. */
  readonly from: NodeId | null;
  readonly to: NodeId;
  readonly rssKib: number;
  /** How long the job has been running at `to`, ms; null = it is still on its way. */
  readonly sinceMs: number | null;
}

export interface BalanceSnapshot {
  /** The home that decides. */
  readonly self: NodeId;
  readonly nodes: readonly BalanceNode[];
  readonly inFlight: readonly InFlight[];
}

export interface BalanceJob {
  readonly job: JobId;
  readonly home: NodeId;
  readonly where: NodeId;
  /** The driver that would move it; null = none can. */
  readonly driver: string | null;
  /** Share of one processor over the last seconds, 0 … n. */
  readonly cpu: number;
  readonly rssKib: number;
  /** How much a move would have to transfer. */
  readonly imageBytes: number;
  /** Time since it started. */
  readonly ageMs: number;
  /** Time since its last move; null = it never moved. */
  readonly sinceMoveMs: number | null;
  readonly nmigs: number;
  readonly hint: 'cpujob' | 'iojob' | 'none';
  /** What it has asked for over the memory of its decay policy, in processes; absent = only the present counts. */
  readonly demand?: number | undefined;
  readonly lock: boolean;
  /** Why it can't move; empty = it can. */
  readonly cantmove: readonly string[];
  /** `mosrun -j`: the only nodes it may run on; null = any. */
  readonly allowed: readonly NodeId[] | null;
  readonly moving: boolean;
}

export interface PlannedMove {
  readonly job: JobId;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: Exclude<MoveReason, 'asked'>;
  /** Expected time saved over the rest of the job's life, ms; may be negative for a forced move. */
  readonly gainMs: number;
  /** Expected time that the job stands still, ms. */
  readonly costMs: number;
  /** One line for people, with the figures it was decided by. */
  readonly explanation: string;
}

/** Which rule kept a job where it is. */
export type StayRule =
  | 'not ours'
  | 'moving'
  | 'source unknown'
  | 'cantmove'
  | 'quiet'
  | 'lock'
  | 'lstay'
  | 'stay'
  | 'young'
  | 'settling'
  | 'no target'
  | 'no gain'
  | 'too dear'
  | 'busy'
  | 'yielding';

export interface Stay {
  readonly job: JobId;
  readonly rule: StayRule;
  readonly reason: string;
}

/** Every job is in exactly one of the two lists. */
export interface Plan {
  /** The moment that the ages in the snapshot were relative to. */
  readonly atMs: number;
  readonly moves: readonly PlannedMove[];
  readonly stays: readonly Stay[];
}

export interface Rejection {
  readonly node: NodeId;
  readonly reason: string;
}

export interface Placement {
  /** null = no candidate can take it; `reason` says why. */
  readonly node: NodeId | null;
  readonly reason: string;
  readonly rejected: readonly Rejection[];
}
