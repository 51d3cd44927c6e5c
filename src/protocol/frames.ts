import { ProtocolError } from '../errors.js';

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
  #held: Buffer[] = [];
  #heldBytes = 0;

  push(chunk: Buffer): Frame[] {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      if (this.#heldBytes < headerBytes) return frames;
      const head = this.#join(headerBytes);
      const type = head.readUInt8(0);
      const length = head.readUInt32BE(1);
      if (!knownTypes.has(type) || length > maxFrameBytes)
        throw new ProtocolError('a damaged frame was sent');
      if (this.#heldBytes < headerBytes + length) return frames;
      const whole = this.#join(headerBytes + length);
      frames.push({ type: type as FrameType, payload: whole.subarray(headerBytes, headerBytes + length) });
      const rest = whole.subarray(headerBytes + length);
      this.#held[0] = rest;
      this.#heldBytes -= headerBytes + length;
      if (rest.length === 0) this.#held.shift();
    }
  }

  /** Makes the first held buffer at least `bytes` long. */
  #join(bytes: number): Buffer {
    const first = this.#held[0];
    if (first && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#held);
    this.#held = [joined];
    return joined;
  }
}
