import type { Disclosure } from './cluster-map.js';
import type { JobId, NodeId } from './ids.js';
import { unprotected, type Protection } from './protection.js';

/** Where a job may start: mosrun's `-h`, `N`, `-j LIST`, or nothing. */
export type Where =
  | { readonly kind: 'best' }
  | { readonly kind: 'home' }
  | { readonly kind: 'node'; readonly node: NodeId }
  | { readonly kind: 'list'; readonly nodes: readonly NodeId[] };

export type DriverName = 'criu' | 'app' | 'restart';

/** How the job may be relocated: what `--ckpt-signal`, `--ckpt-exit`, `--restart`, `--restartable` and `--driver` said. */
export interface RelocationSpec {
  readonly driver: 'auto' | DriverName;
  /** Signal that makes the program save itself and leave, for example SIGUSR1; null = it leaves on its own schedule. */
  readonly ckptSignal: string | null;
  /** Exit code that means "saved, start me again"; null = the program makes no such promise. */
  readonly ckptExit: number | null;
  /** Shell command that goes on from the saved state; null = the command itself. */
  readonly restart: string | null;
  /** The job may be started again from the beginning; its output is then taken to repeat. */
  readonly restartable: boolean;
}

/** How the working folder reaches the node. */
export interface FolderSpec {
  /** Absolute path at home. */
  readonly cwd: string;
  /** `--in` / `--out` patterns; null = everything / whatever changed. */
  readonly carryIn: readonly string[] | null;
  readonly carryOut: readonly string[] | null;
  readonly carryLimitBytes: number;
}

/** What the user asked for. Never changes after submission, but for `disclosure`. */
export interface JobSpec {
  readonly argv: readonly string[];
  /** `NAME=value` pairs. */
  readonly env: readonly string[];
  readonly umask: number;
  readonly folder: FolderSpec;
  readonly where: Where;
  /** `-L`: no automatic migration after the start; `-l`: allowed; `-k`: as the parent job. */
  readonly lock: boolean;
  readonly hint: 'cpujob' | 'iojob' | 'none';
  /** Absent = what `/proc/hpc/decay` says at home; home always fills it in. */
  readonly decay?: 'fast' | 'slow' | 'none' | undefined;
  readonly relocation: RelocationSpec;
  /** Against the loss of its node; jobs of earlier versions have none (`protectionOf`). */
  readonly protection?: Protection | undefined;
  /** What the node that runs it may tell of it; absent = 3, everything. */
  readonly disclosure?: Disclosure | undefined;
  /** The deputy; null for a detached job. */
  readonly deputy: { readonly pid: number; readonly startTicks: number } | null;
  readonly stdin: 'none' | 'stream';
}

export function protectionOf(spec: JobSpec): Protection {
  return spec.protection ?? unprotected;
}

/** What moves are made of: written into the journal before each step. */
export interface MoveId {
  readonly job: JobId;
  /** Generation the job has after the commit of this move. */
  readonly generation: number;
}
