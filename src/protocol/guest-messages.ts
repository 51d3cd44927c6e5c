import type { Disclosure, JobExit, NodeReport } from '../core/cluster-map.js';
import type { JobId, NodeId } from '../core/ids.js';
import type { DriverName, JobSpec } from '../core/job-spec.js';
import type { OutputOffsets } from '../core/output-flow.js';
import type { MoveOutcome } from './messages.js';

/** A relative path, its kind and stamps: what staging lists and sends (JSON of src/jobs/staging). */
export type WireManifest = unknown;

/** What home asks of a node that runs, ran or will run one of its jobs. All may be repeated safely. */
export interface GuestMethods {
  readonly 'node.report': [Record<string, never>, NodeReport];
  /** From now on `report` notifications once a second. */
  readonly 'node.subscribe': [Record<string, never>, NodeReport];
  /** Jobs of this home that the node holds: what home compares its records with after a broken link. */
  readonly 'guest.list': [Record<string, never>, readonly GuestSummary[]];
  /** Does the node see the folder in which home wrote this probe? */
  readonly 'folder.check': [{ readonly probe: unknown }, { readonly same: boolean }];
  /** Leaves a probe in the job's folder, for the target of a move to look for. */
  readonly 'folder.probe': [JobRef, { readonly probe: unknown }];
  readonly 'folder.unprobe': [{ readonly probe: unknown }, Record<string, never>];
  /** Admission and the job's folder; the reason when it is a no. */
  readonly 'guest.prepare': [PrepareParams, { readonly refused: string | null; readonly dirShared: boolean }];
  readonly 'guest.start': [MoveRef, { readonly pid: number }];
  readonly 'guest.probe': [JobRef, { readonly drivers: readonly ProbedDriver[] }];
  readonly 'guest.freeze': [FreezeParams, FreezeAnswer];
  readonly 'guest.thaw': [MoveRef, Record<string, never>];
  /** Brings the image up, stopped (criu); nothing to do for the others. */
  readonly 'guest.restore': [MoveRef & { readonly driver: DriverName }, Record<string, never>];
  readonly 'guest.continue': [MoveRef & { readonly driver: DriverName }, { readonly pid: number }];
  /** Has the node a whole copy that stands still for the move to `generation`? */
  readonly 'guest.holds': [MoveRef, { readonly holds: boolean }];
  /** The target of the committed move `frozenFor` is gone: its source lets the job go on, as `generation`. */
  readonly 'guest.revive': [MoveRef & { readonly frozenFor: number }, Record<string, never>];
  /** Ends what this node holds of the job below `generation`, or the unfinished copy of that very generation. */
  readonly 'guest.discard': [MoveRef & { readonly keepDir: boolean }, Record<string, never>];
  readonly 'guest.signal': [JobRef & { readonly signal: string }, Record<string, never>];
  /** The job is over and home has everything: remove folder and record of what is not younger than `generation`. */
  readonly 'guest.forget': [MoveRef & { readonly keepDir: boolean }, Record<string, never>];
  readonly 'files.list': [FilesRef, { readonly manifest: WireManifest }];
  /** Sends what differs from `known` over the channel opened with `ticket`. */
  readonly 'files.send': [
    FilesRef & {
      readonly known: WireManifest;
      /** Exactly these paths; null = all that differs from `known`. */
      readonly only: readonly string[] | null;
      readonly ticket: string;
      /** Files that only grow, and how much of each home has already. */
      readonly skipBefore: Readonly<Record<string, number>>;
    },
    { readonly manifest: WireManifest; readonly bytes: number },
  ];
  readonly 'files.receive': [
    FilesRef & { readonly ticket: string; readonly limitBytes: number },
    { readonly bytes: number },
  ];
  /** The target stands ready to take memory pages from the channel. */
  readonly 'pages.open': [
    MoveRef & { readonly driver: DriverName; readonly ticket: string },
    Record<string, never>,
  ];
  /** Answers when all pages are on the target's disk. */
  readonly 'pages.receive': [MoveRef, Record<string, never>];
  /** Stops the job for as long as its image takes, and lets it go on; image and snapshot wait to be fetched. */
  readonly 'guest.checkpoint': [CheckpointParams, CheckpointAnswer];
  /** Home has the image, or has given it up. */
  readonly 'guest.checkpointed': [JobRef & { readonly sequence: number }, Record<string, never>];
  /** Before a restore from an image: files in place that grew since are cut back, their old state kept beside. */
  readonly 'guest.cutBack': [
    MoveRef & { readonly files: readonly FileInPlace[] },
    { readonly said: readonly string[] },
  ];
  /** Lets guests run on; `echoMs` is what the node's last report said of its own clock. */
  readonly 'guest.lease': [
    { readonly echoMs: number; readonly guests: readonly MoveRef[] },
    Record<string, never>,
  ];
  /** Takes one part of an image into this node's keeping. */
  readonly 'kept.put': [
    KeptRef & { readonly ticket: string; readonly limitBytes: number },
    { readonly bytes: number },
  ];
  readonly 'kept.get': [KeptRef & { readonly ticket: string }, { readonly bytes: number }];
  /** Keeps these images of the job, and no others. */
  readonly 'kept.only': [JobRef & { readonly sequences: readonly number[] }, Record<string, never>];
  /** Jobs of this home of which this node keeps images. */
  readonly 'kept.list': [Record<string, never>, readonly JobId[]];
  /** A tool's request to this node's own mosd: `mosctl block --on 3` (remoteTools in schemas.ts). */
  readonly 'node.tool': [{ readonly method: string; readonly params: unknown }, { readonly answer: unknown }];
  /** How much this node may tell of a guest from now on. */
  readonly 'guest.disclose': [JobRef & { readonly disclosure: Disclosure }, Record<string, never>];
}

export interface FileInPlace {
  readonly path: string;
  readonly size: number;
}

export type ImagePart = 'job' | 'image';
export const imageParts: readonly ImagePart[] = ['job', 'image'];

export interface KeptRef extends JobRef {
  readonly sequence: number;
  readonly part: ImagePart;
}

/** `generation`: the one that runs. */
export interface CheckpointParams extends MoveRef {
  readonly sequence: number;
  readonly driver: DriverName;
  /** Files that only grow, and how much of each home has already. */
  readonly skipBefore: Readonly<Record<string, number>>;
}

export type CheckpointAnswer =
  | {
      readonly kind: 'imaged';
      readonly frozenMs: number;
      readonly output: OutputOffsets;
      /** Files of a working folder used in place: the image has no copy of them. */
      readonly inPlace: readonly FileInPlace[];
    }
  /** It ended meanwhile. */
  | { readonly kind: 'ended' };

export interface JobRef {
  readonly job: JobId;
}

/** `generation` is the one that the job has after the commit of the move. */
export interface MoveRef extends JobRef {
  readonly generation: number;
}

export interface FilesRef extends JobRef {
  /**
   * `job`: the job's folder; `cwd`: the carried working folder in it; `image`: the image of move `generation`; `snapshot`
   * and `checkpoint`: folder and image of checkpoint number `generation`.
   */
  readonly part: 'job' | 'cwd' | 'image' | 'snapshot' | 'checkpoint';
  readonly generation: number;
}

export interface PrepareParams extends MoveRef {
  readonly you: NodeId;
  readonly spec: JobSpec;
  /** JOBSROOT of home; the job's folder is the same path on every node. */
  readonly jobsRoot: string;
  readonly carried: boolean;
  /** Comes home: `block` and slots do not apply. */
  readonly homecoming: boolean;
  /** Probe of the job's folder as its present node sees it; null at the start. */
  readonly dirProbe: unknown;
  /** For a working folder used in place: must be seen by this node too. */
  readonly cwdProbe: unknown;
  /** For a move: the driver and what the source's probe asks of the target. */
  readonly move: { readonly driver: DriverName; readonly requirements: unknown } | null;
}

export interface ProbedDriver {
  readonly driver: DriverName;
  /** Empty = it can. */
  readonly reasons: readonly string[];
  readonly requirements: unknown;
  readonly rssKib: number;
}

export interface FreezeParams extends MoveRef {
  readonly driver: DriverName;
  readonly ticket: string | null;
}

export type FreezeAnswer =
  { readonly kind: 'frozen'; readonly bytes: number } | { readonly kind: 'ended'; readonly exit: JobExit };

export interface GuestSummary {
  readonly job: JobId;
  readonly generation: number;
  readonly phase: string;
  /** What it was then went with an earlier start of the machine. */
  readonly rebooted?: boolean | undefined;
}

/** Notifications of the node to home. */
export interface GuestNotifications {
  readonly report: NodeReport;
  /** Use of all guests of this home, once a second. */
  readonly usage: readonly GuestUsage[];
}

export interface GuestUsage {
  readonly job: JobId;
  readonly pid: number;
  readonly cpu: number;
  readonly rssKib: number;
  readonly stopped: boolean;
}

/** What a node asks of a home whose guests it has. */
export interface HomeMethods {
  /** Somebody on the node wants a guest moved: `migrate PID home`, `mosctl expel`. */
  readonly 'home.migrate': [{ readonly job: JobId; readonly to: NodeId | 'home' | 'balance' }, MoveOutcome];
}
