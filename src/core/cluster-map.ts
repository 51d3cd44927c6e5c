import type { JobId, NodeId } from './ids.js';
import type { OnNodeLoss } from './protection.js';

/** The newest format number of hpc.json that this version writes. */
export const mapFormat = 1;

/** One line of the map: a node, a range of consecutive addresses, or (`alias`) one more address of a node. */
export interface ConfigEntry {
  readonly node: NodeId;
  /** IPv4 address, host name or `Host` of the SSH configuration. */
  readonly address: string;
  /** How many consecutive numbers and IPv4 addresses the line covers; 1 for names. */
  readonly count: number;
  readonly alias?: boolean;
  /** What a classic map says after `#` on the same line. */
  readonly comment?: string;
  /** Comment and empty lines above this entry in a classic map (those above the first are in `comments`). */
  readonly above?: readonly string[];
}

export interface ClusterConfig {
  readonly entries: readonly ConfigEntry[];
  /** Comment and empty lines before the first entry of a classic map, kept for its export. */
  readonly comments?: readonly string[];
  /** The same after the last entry. */
  readonly trailer?: readonly string[];
}

/** A node after ranges and aliases are worked out. */
export interface ConfiguredNode {
  readonly node: NodeId;
  readonly address: string;
  readonly aliases: readonly string[];
}

export type Flag = 0 | 1;

/** /proc/hpc/admin. Durable. */
export interface Admin {
  /** This node's own number; 0 while it is in no cluster. */
  readonly mospe: NodeId | 0;
  readonly block: Flag;
  readonly bring: Flag;
  readonly expel: Flag;
  readonly stay: Flag;
  readonly lstay: Flag;
  readonly quiet: Flag;
  readonly nomfs: Flag;
  /** Speed of one processor, 10000 = the standard processor (`sspeed`); null until calibrated. */
  readonly speed: number | null;
  /** True when a person set `speed`; calibration then leaves it alone. */
  readonly speedset: Flag;
  readonly sspeed: number;
  readonly gateways: number;
  readonly decayinterval: number;
  readonly slowdecay: number;
  readonly fastdecay: number;
  /** Seconds between two images of new jobs that don't say it themselves; 0 = none. */
  readonly checkpoint: number;
  /** Most guests this node takes; null = no limit. */
  readonly maxguests: number | null;
  /** Folder of the jobs' own folders on every node; null = the default. */
  readonly jobsroot: string | null;
  /** What other nodes tell of new jobs of this one (see `Disclosure`). */
  readonly disclosure: Disclosure;
  /** A node beyond one of these takes no more guests; null = no limit. Load as in `NodeReport`, processor use in percent. */
  readonly loadlimit: number | null;
  readonly loadlimitmode: LimitMode;
  readonly cpulimit: number | null;
  readonly cpulimitmode: LimitMode;
  /** Overheads that the balancer counts with: the part of a standstill that does not depend on the size, ms. */
  readonly movecost: number;
  /** Bandwidth assumed for a link that was not measured yet, KiB/s. */
  readonly linkspeed: number;
  /** An I/O job away from home costs so many percent of what it costs at home. */
  readonly iocost: number;
  /** What a job that has moved counts for at its target, percent of one process. */
  readonly migrantcost: number;
}

/** What the node that runs a guest tells of it: 0 nothing, 1 its PID, 2 also its owner and group, 3 all it tells of its own. */
export type Disclosure = 0 | 1 | 2 | 3;

/** What a limit is compared with: 0 all, 1 what guests cause, 2 the rest. */
export type LimitMode = 0 | 1 | 2;

/** /proc/hpc/decay: the policy given to new jobs. */
export interface DecayPolicy {
  readonly policy: 'slow' | 'fast' | 'none';
  readonly hint: 'cpujob' | 'iojob' | 'none';
}

/** What one node says of itself; the units are those of /proc/hpc/nodes/N. */
export interface NodeReport {
  /** Exported load: 100 = one process on a standard processor; pessimistic (rises at once, falls slowly). */
  readonly load: number;
  /** The node's own view of its load: rises gradually, falls at once. */
  readonly ownload: number;
  /** Speed of one processor, 10000 = standard; a CPU quota below one processor is already taken off. */
  readonly speed: number;
  readonly cpus: number;
  /** Processor use, 0 … 100 % of what this node may use. */
  readonly util: number;
  /** Logical free memory (free + what the kernel can reclaim), KiB. */
  readonly mem: number;
  /** Physically free memory, KiB. */
  readonly rmem: number;
  /** Total memory this node may use, KiB. */
  readonly tmem: number;
  readonly guests: number;
  /** How many more guests it takes; null = no limit. */
  readonly freeslots: number | null;
  readonly block: boolean;
  readonly stay: boolean;
  readonly lstay: boolean;
  readonly quiet: boolean;
  /** Which relocation drivers work here, best first, for example ['criu', 'app', 'restart']. */
  readonly drivers: readonly string[];
  readonly version: string;
  /** Which of its limits it is beyond (loadlimit, cpulimit): it then takes no more guests. */
  readonly beyond?: string | undefined;
  /** Its monotonic clock, ms since it was started: what leases run by. */
  readonly upMs?: number | undefined;
}

export type NodeState =
  /** Answers, runs mosd. */
  | 'up'
  /** Answers, but has no Node.js: watched through a sh sampler, takes no jobs. */
  | 'monitor-only'
  /** In the map, being contacted for the first time. */
  | 'connecting'
  /** In the map, does not answer: `DEAD`. */
  | 'down';

/** What home knows of a node at one moment. */
export interface NodeView {
  readonly node: NodeId;
  readonly name: string;
  readonly state: NodeState;
  /** Age of `report`, ms; null without one. */
  readonly ageMs: number | null;
  readonly report: NodeReport | null;
  /** Why it is not up, or undefined. */
  readonly problem?: string;
  /** Measured bandwidth of the link, bytes per second; null = not measured yet. */
  readonly bandwidth: number | null;
}

export type JobState =
  | 'starting'
  | 'running'
  /** Stopped by a signal (Ctrl-Z). */
  | 'stopped'
  | 'moving'
  /** Its node does not answer; the job is not known to have ended. */
  | 'unreachable'
  /** Its node is lost; it waits to be started again from an image, by itself or by `mosrun --recover`. */
  | 'stranded'
  | 'done'
  | 'lost';

/** A job as its home sees it: `mps`, /proc/PID. */
export interface JobView {
  readonly job: JobId;
  /** PID of the deputy (the mosrun process); null when detached. */
  readonly pid: number | null;
  readonly home: NodeId;
  /** Node that runs it. */
  readonly where: NodeId;
  readonly state: JobState;
  readonly nmigs: number;
  readonly generation: number;
  /** Why it can't move; empty = it can. */
  readonly cantmove: readonly string[];
  /** Which driver would move it; null = none can. */
  readonly driver: string | null;
  /** Locked by `mosrun -L` or `lock`: no automatic migration. */
  readonly lock: boolean;
  /** Signal that it gets after each move; absent = none. */
  readonly sigmig?: string;
  /** Absent = 3. */
  readonly disclosure?: Disclosure;
  /** Only ever written by a person into hpc.json: a move that is asked for. */
  readonly goto?: NodeId | 'home' | 'balance';
  /** Share of one processor over the last seconds, 0 … n. */
  readonly cpu: number;
  readonly rssKib: number;
  readonly command: string;
  readonly startedAtMs: number;
  /** Set while it moves. */
  readonly moving?: { readonly to: NodeId; readonly step: string };
  readonly lastMove?: MoveRecord;
  readonly exit?: JobExit;
  /** Its node is lost: since when, and why that is said. */
  readonly stranded?: { readonly reason: string; readonly sinceMs: number };
  /** Of jobs that have any. */
  readonly protection?: {
    readonly onNodeLoss: OnNodeLoss;
    readonly checkpointMs: number | null;
    readonly image: { readonly atMs: number; readonly bytes: number; readonly keeper: NodeId } | null;
  };
}

export type MoveReason =
  | 'balance the load'
  | 'to a faster node'
  | 'this node is out of memory'
  | 'this node is leaving'
  | 'asked'
  | 'its node was lost';

export interface MoveRecord {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: MoveReason;
  readonly driver: string;
  readonly atMs: number;
  /** How long the job stood still, ms. */
  readonly frozenMs: number;
  readonly bytes: number;
}

export type JobExit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  /** It ended without leaving a status: killed from outside, or its node died. */
  | {
      readonly kind: 'unknown';
      readonly reason: string;
      /** Its node was started anew: nothing that the job itself did. */
      readonly rebooted?: boolean | undefined;
    };

/** A job as the node that runs it sees it: /proc/hpc/remote. */
export interface GuestView {
  readonly job: JobId;
  /** Node it comes from. */
  readonly from: NodeId;
  /** PID of its first process on this node; 0 where its home discloses none. */
  readonly pid: number;
  /** Absent = 3. */
  readonly disclosure?: Disclosure;
  readonly cpu: number;
  readonly rssKib: number;
  readonly command: string;
}

/** hpc.json: everything that /proc/hpc held. */
export interface ClusterMap {
  readonly format: typeof mapFormat;
  readonly config: ClusterConfig;
  readonly admin: Admin;
  readonly decay: DecayPolicy;
  readonly info: NodeReport | null;
  readonly nodes: Readonly<Record<string, NodeView>>;
  readonly remote: Readonly<Record<JobId, GuestView>>;
  readonly jobs: Readonly<Record<JobId, JobView>>;
}

/** What mosd pushes to mosmon once a second, and what `--json` prints. */
export interface ClusterSnapshot {
  /** Own node number; 0 = a looker-on that is no member. */
  readonly self: NodeId | 0;
  readonly atMs: number;
  readonly sspeed: number;
  readonly nodes: readonly NodeView[];
  readonly jobs: readonly JobView[];
  readonly guests: readonly GuestView[];
}
