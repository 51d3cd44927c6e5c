import { ProtocolError } from '../errors.js';
import { HeldBytes } from './held-bytes.js';

/** Frames of an `io` channel: type (1 byte), payload length (4 bytes, big endian), payload. */
export const frameTypes = {
  /** Payload: offset (8 bytes) and bytes of the job's standard output. */
  stdout: 1,
  stderr: 2,
  /** Payload: offset (8 bytes) and bytes for the job's standard input. */
  stdin: 3,
  /** Payload: offset (8 bytes): standard input ends there. */
  stdinEnd: 4,
  /** Payload: one JSON object. */
  control: 5,
} as const;

export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

export interface Frame {
  readonly type: FrameType;
  readonly payload: Buffer;
}

export const maxFrameBytes = 1024 * 1024;
const headerBytes = 5;
const knownTypes: ReadonlySet<number> = new Set(Object.values(frameTypes));

export function encodeFrame(type: FrameType, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(payload.length, 1);
  payload.copy(frame, headerBytes);
  return frame;
}

/** A data frame (stdout, stderr, stdin): the offset goes first. */
export function encodeData(type: FrameType, offset: number, bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + 8 + bytes.length);
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(8 + bytes.length, 1);
  frame.writeBigUInt64BE(BigInt(offset), headerBytes);
  bytes.copy(frame, headerBytes + 8);
  return frame;
}

export function decodeData(payload: Buffer): { readonly offset: number; readonly bytes: Buffer } {
  if (payload.length < 8) throw new ProtocolError('a data frame without an offset was sent');
  const offset = payload.readBigUInt64BE(0);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER))
    throw new ProtocolError('a data frame with an absurd offset was sent');
  return { offset: Number(offset), bytes: payload.subarray(8) };
}

export function encodeControl(value: unknown): Buffer {
  return encodeFrame(frameTypes.control, Buffer.from(JSON.stringify(value)));
}

/** Cuts a byte stream into frames; holds at most one frame. */
export class FrameReader {
  readonly #held = new HeldBytes();

  push(chunk: Buffer): Frame[] {
    if (this.#held.length > 0) this.#held.add(chunk);
    const bytes = this.#held.length > 0 ? this.#held.peek() : chunk;
    const frames: Frame[] = [];
    let at = 0;
    for (let end = frameEnd(bytes, at); end <= bytes.length; end = frameEnd(bytes, at)) {
      const type = bytes.readUInt8(at) as FrameType;
      frames.push({ type, payload: bytes.subarray(at + headerBytes, end) });
      at = end;
    }
    if (at > 0) this.#held.take(); // the frames are parts of it
    if (at < bytes.length && (at > 0 || this.#held.length === 0)) this.#held.add(bytes.subarray(at));
    return frames;
  }
}

/** Where the frame that begins at `at` ends; Infinity while its header is not whole. */
function frameEnd(bytes: Buffer, at: number): number {
  if (bytes.length - at < headerBytes) return Infinity;
  const length = bytes.readUInt32BE(at + 1);
  if (!knownTypes.has(bytes.readUInt8(at)) || length > maxFrameBytes)
    throw new ProtocolError('a damaged frame was sent');
  return at + headerBytes + length;
}
