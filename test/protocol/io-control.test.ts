import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { decodeData, FrameReader, frameTypes } from '../../src/protocol/frames.js';
import { encodeStdinEnd, parseExit, parseIoDown, parseIoUp } from '../../src/protocol/io-control.js';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('control frames', () => {
  it.each([
    { type: 'signal', signal: 'SIGUSR1' },
    { type: 'delivered', stdout: 0, stderr: 2 ** 40 },
    { type: 'detach' },
  ])('from the deputy are read as they were sent: $type', (message) => {
    expect(parseIoUp(json(message))).toEqual(message);
  });

  it.each([
    { type: 'stdinTaken', offset: 5 },
    { type: 'notice', text: 'moved to node 3' },
    { type: 'ended', exit: { kind: 'code', code: 3 }, messages: '' },
    { type: 'ended', exit: { kind: 'signal', signal: 'SIGKILL' }, messages: 'm' },
    { type: 'ended', exit: { kind: 'unknown', reason: 'gone' }, messages: '' },
  ])('to the deputy are read as they were sent: $type', (message) => {
    expect(parseIoDown(json(message))).toEqual(message);
  });

  it.each([
    null,
    7,
    [],
    {},
    { type: 'other' },
    { type: 'signal' },
    { type: 'delivered', stdout: 1 },
    { type: 'delivered', stdout: -1, stderr: 0 },
    { type: 'delivered', stdout: 0, stderr: 0.5 },
    { type: 'stdinTaken', offset: '5' },
    { type: 'stdinTaken', offset: -1 },
    { type: 'stdinTaken', offset: 1e300 },
    { type: 'notice', text: 7 },
  ])('that are damaged are refused both ways: %j', (value) => {
    expect(() => parseIoUp(json(value))).toThrow(ProtocolError);
    expect(() => parseIoDown(json(value))).toThrow(ProtocolError);
  });

  it('of any content are read or refused, nothing else', () => {
    const payload = fc.oneof(fc.string(), fc.json()).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(payload, (bytes) => {
        for (const parse of [parseIoUp, parseIoDown]) {
          try {
            parse(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
    );
  });

  it('cut what would flood a terminal', () => {
    const long = 'x'.repeat(10_000);
    expect(parseIoDown(json({ type: 'notice', text: long }))).toMatchObject({ text: long.slice(0, 4000) });
    expect(parseIoUp(json({ type: 'signal', signal: long }))).toMatchObject({ signal: long.slice(0, 16) });
  });
});

describe('an exit status', () => {
  it.each([
    [
      { kind: 'code', code: 259 },
      { kind: 'code', code: 3 },
    ],
    [
      { kind: 'code', code: '3' },
      { kind: 'unknown', reason: 'no status was given' },
    ],
    [null, { kind: 'unknown', reason: 'no status was given' }],
    [{ kind: 'signal' }, { kind: 'unknown', reason: 'no status was given' }],
  ])('%j is %j', (value, exit) => {
    expect(parseExit(value)).toEqual(exit);
  });
});

it('the end of standard input is a frame that carries its offset', () => {
  const [frame] = new FrameReader().push(encodeStdinEnd(2 ** 40));
  expect(frame?.type).toBe(frameTypes.stdinEnd);
  expect(decodeData(frame!.payload)).toMatchObject({ offset: 2 ** 40 });
});
