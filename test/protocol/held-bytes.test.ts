import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { encodeFrame, FrameReader, frameTypes } from '../../src/protocol/frames.js';
import { LineReader } from '../../src/protocol/lines.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it('a line that comes byte by byte costs a few times its length, and comes out whole', () => {
  const bytes = 1_000_000;
  const reader = new LineReader();
  const before = usedBytes();
  for (let sent = 0; sent < bytes; sent += 1) reader.push(Buffer.from('x'));
  expect(usedBytes() - before).toBeLessThan(10 * bytes);
  expect(reader.push(Buffer.from('\n'))[0]).toHaveLength(bytes);
});

it('a frame that comes byte by byte costs a few times its length, and comes out whole, and the next one too', () => {
  const reader = new FrameReader();
  const payload = Buffer.alloc(500_000, 'y');
  const frame = encodeFrame(frameTypes.control, payload);
  const before = usedBytes();
  for (const byte of frame.subarray(0, -1)) reader.push(Buffer.from([byte]));
  expect(usedBytes() - before).toBeLessThan(10 * payload.length);
  const frames = reader.push(Buffer.concat([frame.subarray(-1), frame, frame.subarray(0, 7)]));
  expect(frames.map((whole) => whole.payload.equals(payload))).toEqual([true, true]);
  expect(reader.push(frame.subarray(7)).map((whole) => whole.payload.equals(payload))).toEqual([true]);
});
