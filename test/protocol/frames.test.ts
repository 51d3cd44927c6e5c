import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import {
  decodeData,
  encodeControl,
  encodeData,
  encodeFrame,
  FrameReader,
  frameTypes,
  maxFrameBytes,
  type Frame,
} from '../../src/protocol/frames.js';
import { inPieces } from './pieces.js';

const shown = (frames: readonly Frame[]): readonly [number, string][] =>
  frames.map(({ type, payload }) => [type, payload.toString('latin1')]);

describe('frames', () => {
  it('come out the same wherever the bytes are split', () => {
    const bytes = Buffer.concat([
      encodeFrame(frameTypes.stdout, Buffer.from('first')),
      encodeFrame(frameTypes.control, Buffer.alloc(0)),
      encodeFrame(frameTypes.stdinEnd, Buffer.from('\u0000\u0001\u0002')),
    ]);
    for (let at = 0; at <= bytes.length; at++) {
      const reader = new FrameReader();
      const frames = [...reader.push(bytes.subarray(0, at)), ...reader.push(bytes.subarray(at))];
      expect(shown(frames)).toEqual([
        [frameTypes.stdout, 'first'],
        [frameTypes.control, ''],
        [frameTypes.stdinEnd, '\u0000\u0001\u0002'],
      ]);
    }
  });

  it('of any content survive any cutting', () => {
    const frame = fc.tuple(
      fc.constantFrom(...Object.values(frameTypes)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat(30)), (frames, cuts) => {
        const reader = new FrameReader();
        const bytes = Buffer.concat(frames.map(([type, payload]) => encodeFrame(type, payload)));
        const read = inPieces(bytes, cuts).flatMap((piece) => reader.push(piece));
        expect(shown(read)).toEqual(frames.map(([type, payload]) => [type, payload.toString('latin1')]));
      }),
    );
  });

  it('with an unknown type, or longer than allowed, are damage at their first five bytes', () => {
    const header = (type: number, length: number): Buffer => {
      const bytes = Buffer.alloc(5);
      bytes.writeUInt8(type, 0);
      bytes.writeUInt32BE(length, 1);
      return bytes;
    };
    for (const damaged of [header(0, 1), header(6, 1), header(255, 0), header(1, maxFrameBytes + 1)])
      expect(() => new FrameReader().push(damaged)).toThrow(new ProtocolError('a damaged frame was sent'));
    expect(new FrameReader().push(header(1, maxFrameBytes))).toEqual([]);
  });

  it('any garbage ends in frames or in a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(30)), (bytes, cuts) => {
        const reader = new FrameReader();
        try {
          for (const piece of inPieces(Buffer.from(bytes), cuts)) reader.push(piece);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it('one of the largest size passes, cut into pieces as a network does', () => {
    const payload = Buffer.alloc(maxFrameBytes, 'x');
    const reader = new FrameReader();
    const frames = inPieces(encodeFrame(frameTypes.stderr, payload), [65_536]).flatMap((piece) =>
      reader.push(piece),
    );
    expect(frames.map(({ payload: read }) => read.equals(payload))).toEqual([true]);
  });
});

describe('data frames', () => {
  it('carry the offset and the bytes', () => {
    const offset = fc.maxSafeNat();
    fc.assert(
      fc.property(offset, fc.uint8Array({ maxLength: 50 }), (at, bytes) => {
        const [frame] = new FrameReader().push(encodeData(frameTypes.stdin, at, Buffer.from(bytes)));
        const decoded = decodeData(frame!.payload);
        expect([decoded.offset, [...decoded.bytes]]).toEqual([at, [...bytes]]);
      }),
    );
  });

  it('without an offset, or with one beyond all files, are refused', () => {
    expect(() => decodeData(Buffer.alloc(7))).toThrow('without an offset');
    expect(() => decodeData(Buffer.alloc(8, 0xff))).toThrow('an absurd offset');
  });

  it('control frames are JSON', () => {
    const [frame] = new FrameReader().push(encodeControl({ type: 'detach' }));
    expect([frame?.type, frame?.payload.toString()]).toEqual([frameTypes.control, '{"type":"detach"}']);
  });
});
