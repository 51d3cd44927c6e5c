import { isJobId, isNodeId, type JobId, type NodeId } from './ids.js';
import type { DriverName } from './job-spec.js';
import type { OutputOffsets } from './output-flow.js';
import { keptImages } from './protection.js';

/** An image of a job that can be started again on another node, as home writes it down. */
export interface Checkpoint {
  readonly job: JobId;
  /** Counts a job's images; never used twice for one that is kept. */
  readonly sequence: number;
  /** The generation that it shows. */
  readonly generation: number;
  readonly driver: DriverName;
  readonly atMs: number;
  /** The node that keeps its bytes. */
  readonly keeper: NodeId;
  readonly bytes: number;
  readonly frozenMs: number;
  /** Output that the job had written by then. */
  readonly output: OutputOffsets;
  /** Files of a working folder used in place, and how large they were. */
  readonly inPlace?: readonly { readonly path: string; readonly size: number }[];
  /** What a target must have (jobs/driver.ts). */
  readonly requirements: unknown;
  /** HMAC-SHA256 over what it belongs to and its bytes, hex, by a key that never leaves home. */
  readonly macs: { readonly job: string; readonly image: string };
}

/** What a part's MAC begins with: bytes of another job, generation, image or part never fit. */
export function sealedPrefix(
  { job, generation, sequence, driver }: Pick<Checkpoint, 'job' | 'generation' | 'sequence' | 'driver'>,
  part: string,
): string {
  return `moskit image 1\n${[job, generation, sequence, driver, part].join('\n')}\n`;
}

/** Which images stay, the newest first; the others go. */
export function imagesToKeep(sequences: readonly number[]): readonly number[] {
  return [...sequences].sort((a, b) => b - a).slice(0, keptImages);
}

const macPattern = /^[0-9a-f]{64}$/;
/** The last moment that a Date can name. */
const lastMs = 8.64e15;

export function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { job, sequence, generation, driver, atMs, keeper, bytes, output, macs, inPlace } =
    value as Partial<Checkpoint>;
  return (
    isJobId(job) &&
    isNodeId(keeper) &&
    [sequence, generation].every((value) => isCount(value) && value > 0) &&
    [atMs, bytes, output?.stdout, output?.stderr].every(isCount) &&
    Number(atMs) <= lastMs &&
    (driver === 'criu' || driver === 'app') &&
    isMac(macs?.job) &&
    isMac(macs?.image) &&
    (inPlace === undefined || (Array.isArray(inPlace) && inPlace.every(isFileInPlace)))
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isMac(value: unknown): boolean {
  return typeof value === 'string' && macPattern.test(value);
}

function isFileInPlace(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { path, size } = value as { readonly path?: unknown; readonly size?: unknown };
  return typeof path === 'string' && isCount(size);
}
