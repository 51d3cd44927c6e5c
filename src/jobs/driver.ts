import type { Duplex } from 'node:stream';
import type { DriverName, JobSpec } from '../core/job-spec.js';
import type { JobExit } from '../core/cluster-map.js';

/** Where a job's things are on this machine. The path is the same on every node of its way. */
export interface JobFolder {
  /** JOBSROOT/JOB: stdin (fifo), stdout, stderr, exit, messages, tmp/, and cwd/ when the working folder is carried. */
  readonly dir: string;
  /** Absolute working folder: `dir`/cwd, or home's folder used in place. */
  readonly cwd: string;
}

/** A process tree of a job on this machine. Survives mosd: everything in here can be written to disk and read back. */
export interface JobProcess {
  /** Host-side PID of the tree's first process (the `sh` that records the exit status). */
  readonly pid: number;
  /** Field 22 of its /proc/PID/stat: tells it from a later process with the same number. */
  readonly startTicks: number;
  /** `pidns`: PID 1 of a namespace of its own; `plain`: an ordinary session. */
  readonly mode: 'pidns' | 'plain';
}

/** What the target must have before a job may come; made by the source's probe, checked by the target's `admit`. */
export interface MoveRequirements {
  readonly driver: DriverName;
  /** x86 `flags` / arm `Features` that the source has (criu only). */
  readonly cpuFlags: readonly string[];
  readonly arch: string;
  /** Files that are mapped or open outside the job's folders and must be the same on the target. */
  readonly files: readonly FileFingerprint[];
  /** Folders outside the job's that it has open or works in. */
  readonly folders?: readonly string[] | undefined;
  /** The job's folder: what must be creatable, and where the image needs room. */
  readonly dir?: string | undefined;
  /** It has a time namespace, so that its clocks go on evenly whatever the target's uptime is (criu only). */
  readonly ownClock?: boolean | undefined;
  /** Memory the job occupies, KiB. */
  readonly rssKib: number;
  /** PIDs that must be free on the target (a tree without a PID namespace). */
  readonly pids: readonly number[];
  readonly criuVersion: number | null;
}

export interface FileFingerprint {
  readonly path: string;
  readonly size: number;
  /** ELF build id in hex, or `sha256:…` of the content where there is none. */
  readonly id: string;
}

export type ProbeResult =
  | { readonly ok: true; readonly requirements: MoveRequirements; readonly notes: readonly string[] }
  | { readonly ok: false; readonly reasons: readonly string[] };

export interface DriverJob {
  /** `NAME=value`: the environment of the job on this machine, for drivers that start a command. */
  readonly env: readonly string[];
  readonly spec: JobSpec;
  readonly folder: JobFolder;
  readonly process: JobProcess;
  /** Folder for the image of this move: JOBSROOT/JOB.image-GENERATION, outside the job's own folder. */
  readonly imageDir: string;
  /** For drivers that start a command: called before it runs, so that no mosd forgets that it did. */
  readonly onIdentified?: (process: JobProcess) => Promise<void>;
}

/** What a frozen job looks like. */
export type FreezeResult =
  | { readonly kind: 'frozen'; readonly bytes: number }
  /** It ended by itself before it could be frozen: not an error, the job is done. */
  | { readonly kind: 'ended'; readonly exit: JobExit };

/** Ready for pages; `done` settles when all are on the disk. Nothing may be sent before it is there. */
export interface PageReceiver {
  readonly done: Promise<void>;
}

/**
 * One way of relocating a job. Frozen on both sides until the commit; success ends the source, any failure thaws it.
 * The source calls probe, freeze, then thaw or discard; the target calls admit, receivePages, restoreStopped, then
 * continue or discardRestored. All are safe to repeat.
 */
export interface Driver {
  readonly name: DriverName;
  /** Can this job be moved from here at all? Changes nothing. */
  probe(job: Pick<DriverJob, 'spec' | 'folder' | 'process'>): Promise<ProbeResult>;
  /** Can this machine take it? Changes nothing; a string is the reason why not. */
  admit(requirements: MoveRequirements): Promise<string | null>;

  /** Stops the job and writes its image to `imageDir`; memory pages go through `pages` (criu). */
  freeze(job: DriverJob, pages: Duplex | null): Promise<FreezeResult>;
  /** Undoes freeze. */
  thaw(job: DriverJob): Promise<JobProcess>;
  /** Ends the frozen job for good. */
  discard(job: DriverJob): Promise<void>;

  /** Takes the pages that freeze sends and puts them into `imageDir`; null where the driver has none. */
  receivePages: ((job: Omit<DriverJob, 'process'>, pages: Duplex) => Promise<PageReceiver>) | null;
  /** Brings the job up, stopped. Null: nothing is running before `continue` (app, restart). */
  restoreStopped(job: Omit<DriverJob, 'process'>): Promise<JobProcess | null>;
  continue(job: Omit<DriverJob, 'process'>, restored: JobProcess | null): Promise<JobProcess>;
  discardRestored(job: Omit<DriverJob, 'process'>, restored: JobProcess | null): Promise<void>;
}
