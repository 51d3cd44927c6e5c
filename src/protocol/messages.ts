import type {
  Admin,
  ClusterConfig,
  ClusterMap,
  ClusterSnapshot,
  DecayPolicy,
  Disclosure,
  JobExit,
  JobView,
  MoveReason,
  MoveRecord,
  NodeReport,
} from '../core/cluster-map.js';
import type { JobId, NodeId } from '../core/ids.js';
import type { JobSpec } from '../core/job-spec.js';

/** One NDJSON line each. Requests carry an id, the answer carries it back; a notification has none. */
export type Message =
  | { readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: WireError }
  | { readonly method: string; readonly params: unknown };

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly explanation?: readonly string[];
}

/** Where a `migrate` sends a job. */
export type Destination = NodeId | 'home' | 'balance';

/** What became of a move. `moved: false` is an answer, not an error: `reason` says why. */
export type MoveOutcome =
  | { readonly moved: true; readonly job: JobId; readonly record: MoveRecord }
  | {
      readonly moved: false;
      readonly job: JobId;
      readonly where: NodeId;
      readonly reason: string;
      /** For --debug. */
      readonly explanation?: readonly string[];
    };

export interface PlanLine {
  readonly job: JobId;
  readonly from: NodeId;
  /** null = it stays. */
  readonly to: NodeId | null;
  readonly why: string;
}

export interface RebalanceAnswer {
  readonly plan: readonly PlanLine[];
  /** Empty for a dry run. */
  readonly outcomes: readonly MoveOutcome[];
}

export interface WhyAnswer {
  readonly job: JobId;
  /** Driver that would move it, or null. */
  readonly driver: string | null;
  /** For every driver, what its probe said; empty reasons = it can. */
  readonly drivers: readonly { readonly driver: string; readonly reasons: readonly string[] }[];
  /** What the balancer last thought of it. */
  readonly balance: string | null;
}

export interface SubmitAnswer {
  readonly job: JobId;
  readonly where: NodeId;
  /** Why there. */
  readonly reason: string;
  /** Something the user should know, for example that the job can't leave home and why. */
  readonly notice: string | null;
}

export interface JobChange {
  readonly lock?: boolean | undefined;
  /** null = no signal. */
  readonly sigmig?: string | null | undefined;
  readonly disclosure?: Disclosure | undefined;
}

/** Requests of the tools to their own mosd: method → [params, result]. */
export interface ToolMethods {
  readonly ping: [
    Record<string, never>,
    { readonly version: string; readonly pid: number; readonly node: NodeId | 0 },
  ];
  /** The snapshot as mosd has it; `fresh: true` asks every node first (each with its own deadline). */
  readonly status: [{ readonly fresh: boolean }, ClusterSnapshot];
  /** From now on `snapshot` notifications, once a second or slower. */
  readonly watch: [{ readonly intervalMs: number }, Record<string, never>];
  /** Asks node N itself, with a deadline; an error when it does not answer. */
  readonly report: [{ readonly node: NodeId }, NodeReport];
  readonly map: [Record<string, never>, ClusterMap];
  readonly setConfig: [{ readonly config: ClusterConfig; readonly mospe: NodeId | 0 }, Record<string, never>];
  readonly setAdmin: [{ readonly admin: Partial<Admin> }, { readonly admin: Admin }];
  /** What `map` says of this node's own settings, and no more: it stays small in a large cluster. */
  readonly settings: [Record<string, never>, { readonly admin: Admin; readonly decay: DecayPolicy }];
  /** A request to the mosd of another node, over the link that home has to it; one of `remoteTools`. */
  readonly on: [
    { readonly node: NodeId; readonly method: string; readonly params: unknown; readonly timeoutMs: number },
    { readonly answer: unknown },
  ];
  /** /proc/PID of a job born here. */
  readonly setJob: [{ readonly target: JobId | number; readonly change: JobChange }, Record<string, never>];
  readonly setDecay: [{ readonly decay: DecayPolicy }, Record<string, never>];
  readonly submit: [{ readonly spec: JobSpec }, SubmitAnswer];
  readonly jobs: [{ readonly all: boolean }, readonly JobView[]];
  readonly why: [{ readonly job: JobId }, WhyAnswer];
  /** `target`: a job id, the PID of a deputy here, or the PID of a process of a job that runs here. */
  readonly migrate: [{ readonly target: JobId | number; readonly to: Destination }, MoveOutcome];
  readonly signal: [{ readonly job: JobId; readonly signal: string }, Record<string, never>];
  /** A job whose node is lost goes on from its last image (or number `image`), on the best node or on `to`. */
  readonly recover: [
    {
      readonly job: JobId;
      readonly to: NodeId | null;
      readonly image: number | null;
      /** The user knows that the node which does not answer is off. */
      readonly isForced: boolean;
    },
    MoveOutcome,
  ];
  /** Nobody waits for the node of this job any more. */
  readonly giveUp: [{ readonly job: JobId }, Record<string, never>];
  readonly rebalance: [{ readonly dryRun: boolean }, RebalanceAnswer];
  /** Sets lstay, fetches home all jobs born here; answers when done. */
  readonly bring: [{ readonly timeoutMs: number }, { readonly outcomes: readonly MoveOutcome[] }];
  /** Sets block, sends all guests home; answers when done. */
  readonly expel: [{ readonly timeoutMs: number }, { readonly outcomes: readonly MoveOutcome[] }];
  /** Ends mosd; jobs go on. */
  readonly shutdown: [Record<string, never>, Record<string, never>];
}

/** Notifications of mosd to a tool. */
export interface ToolNotifications {
  readonly snapshot: ClusterSnapshot;
}

/**
 * The first line after the handshake says what the channel is for. `rpc` speaks NDJSON both ways; the others speak
 * frames (frames.ts) or raw bytes.
 */
export type Opening =
  | { readonly open: 'rpc'; readonly as: 'tool' }
  | {
      readonly open: 'rpc';
      readonly as: 'home';
      readonly home: NodeId;
      readonly you: NodeId;
      readonly cluster: string;
    }
  /**
   * A deputy's view of a job (`cluster` null), or home's view of its guest. The offsets are what the opener already
   * has; `deputy` makes the opener the job's deputy.
   */
  | {
      readonly open: 'io';
      readonly job: JobId;
      readonly cluster: string | null;
      /** null = from where the last deputy had written it out. */
      readonly stdoutOffset: number | null;
      readonly stderrOffset: number | null;
      readonly deputy: { readonly pid: number; readonly startTicks: number } | null;
    }
  | { readonly open: 'bulk'; readonly ticket: string };

/** Control frames of an `io` channel, from the side that has the job. */
export type IoDown =
  /** How far standard input was taken over. */
  | { readonly type: 'stdinTaken'; readonly offset: number }
  /** A line for the user's stderr. */
  | { readonly type: 'notice'; readonly text: string }
  /** Nothing more comes through this channel, and why; another one goes on by offset. */
  | { readonly type: 'broken'; readonly reason: string }
  /** The job is over and all its output was sent before this. */
  | { readonly type: 'ended'; readonly exit: JobExit; readonly messages: string };

/** Control frames of an `io` channel, from the side that wants the job's streams. */
export type IoUp =
  | { readonly type: 'signal'; readonly signal: string }
  /** How much output the deputy has written out. */
  | { readonly type: 'delivered'; readonly stdout: number; readonly stderr: number }
  /** The deputy leaves and the job goes on. */
  | { readonly type: 'detach' };

export type { MoveReason };
