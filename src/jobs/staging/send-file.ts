import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isFresh, nowNs } from './file-times.js';
import type { Outlet } from './outlet.js';
import { reasonOf } from './reason.js';
import { chunkKinds, endStates, formatChunkHead } from './wire.js';

const readBytes = 512 * 1024;
/** A stretch of zeros of this length, at a multiple of it, travels as a hole. */
const holeBytes = 64 * 1024;
const zeros = Buffer.alloc(holeBytes);

// O_NONBLOCK: what was a file when it was listed may be a fifo by now, and opening that would wait for ever
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export type Opened =
  | { readonly kind: 'file'; readonly handle: FileHandle; readonly stats: BigIntStats }
  | { readonly kind: 'unreadable'; readonly reason: string };

export async function openForSending(at: Buffer): Promise<Opened> {
  const handle = await open(at, readFlags);
  const stats = await handle.stat({ bigint: true });
  if (stats.isFile()) return { kind: 'file', handle, stats };
  await handle.close();
  return { kind: 'unreadable', reason: 'is no longer a file' };
}

interface Content {
  readonly handle: FileHandle;
  /** As the header told them. */
  readonly stats: BigIntStats;
  readonly offset: number;
  readonly outlet: Outlet;
  readonly trustFresh: boolean;
}

/** Sends what lies between the offset and the size that the header named, whatever happens to the file meanwhile. */
export async function sendContent(
  content: Content,
): Promise<{ readonly bytes: number; readonly unstable: string | null }> {
  const { handle, stats, outlet } = content;
  const end = Number(stats.size);
  let position = content.offset;
  let bytes = 0;
  let unstable: string | null = null;
  while (position < end && unstable === null) {
    // exactly what is left, or at least as much as makes whole blocks: the buffer goes into the stream
    const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes - (position % holeBytes), end - position));
    const read = await readFully(handle, buffer, position);
    bytes += await sendPieces(outlet, buffer.subarray(0, read.length), position);
    position += read.length;
    unstable = read.problem;
  }
  unstable ??= await changeSince(content);
  const state = unstable === null ? endStates.stable : endStates.unstable;
  await outlet.put(formatChunkHead({ kind: chunkKinds.end, length: state }));
  return { bytes, unstable };
}

async function readFully(
  handle: FileHandle,
  buffer: Buffer,
  position: number,
): Promise<{ readonly length: number; readonly problem: string | null }> {
  let length = 0;
  try {
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, position + length);
      if (bytesRead === 0) return { length, problem: 'became shorter while it was read' };
      length += bytesRead;
    }
  } catch (error) {
    return { length, problem: reasonOf(error) };
  }
  return { length, problem: null };
}

/** Cuts the bytes into data and holes. */
async function sendPieces(outlet: Outlet, bytes: Buffer, position: number): Promise<number> {
  let sent = 0;
  for (let start = 0; start < bytes.length;) {
    const isHole = isZero(bytes, start, position);
    let end = blockEnd(bytes, start, position);
    while (end < bytes.length && isZero(bytes, end, position) === isHole)
      end = blockEnd(bytes, end, position);
    const length = end - start;
    await outlet.put(formatChunkHead({ kind: isHole ? chunkKinds.hole : chunkKinds.data, length }));
    if (!isHole) {
      await outlet.put(bytes.subarray(start, end));
      sent += length;
    }
    start = end;
  }
  return sent;
}

function blockEnd(bytes: Buffer, start: number, position: number): number {
  return Math.min(bytes.length, start + holeBytes - ((position + start) % holeBytes));
}

function isZero(bytes: Buffer, start: number, position: number): boolean {
  const end = blockEnd(bytes, start, position);
  return zeros.compare(bytes, start, end, 0, end - start) === 0;
}

async function changeSince({ handle, stats, trustFresh }: Content): Promise<string | null> {
  const now = await handle.stat({ bigint: true });
  if (now.size !== stats.size || now.mtimeNs !== stats.mtimeNs || now.ctimeNs !== stats.ctimeNs)
    return 'changed while it was read';
  const at = nowNs();
  const isYoung = isFresh(now.mtimeNs, at) || isFresh(now.ctimeNs, at);
  return isYoung && !trustFresh ? 'was written to a moment ago' : null;
}
