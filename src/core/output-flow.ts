/** Positions in a job's two output streams, bytes from its start. */
export interface OutputOffsets {
  readonly stdout: number;
  readonly stderr: number;
}

/** By how much `to` is ahead of `from`, both streams together. */
export function bytesBetween(from: OutputOffsets, to: OutputOffsets): number {
  return Math.max(0, to.stdout - from.stdout) + Math.max(0, to.stderr - from.stderr);
}

/**
 * Output that nobody takes holds its writer, as a full pipe would: here the pipe is a file, and the writer stands still
 * until it is read. Bytes.
 */
export const outputLimits = {
  /** While somebody takes it: how far the writer may be ahead. */
  taken: 64 * 1024 * 1024,
  /** While nobody does (home is away, a detached job at home): what is kept. */
  kept: 1024 * 1024 * 1024,
  /** On any disk, however full it is: home tells what it has less often than for each byte. */
  onAnyDisk: 16 * 1024 * 1024,
} as const;

/** Output that waits takes at most as much of its disk as it leaves free: a full one would break its writer, and others. */
export function outputLimit(isTaken: boolean, freeBytes: number): number {
  const limit = isTaken ? outputLimits.taken : outputLimits.kept;
  return Math.max(outputLimits.onAnyDisk, Math.min(limit, freeBytes));
}

/** A writer that was held goes on when half of the room is free, so that it is not stopped for every few bytes. */
const goOnFraction = 1 / 2;

export function isOutputHeld(
  now: { readonly isHeld: boolean; readonly aheadBytes: number },
  limitBytes: number,
): boolean {
  return now.aheadBytes > (now.isHeld ? limitBytes * goOnFraction : limitBytes);
}
