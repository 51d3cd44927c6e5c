import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { LineReader, readLine } from '../../src/protocol/lines.js';
import { inPieces } from './pieces.js';

const texts = (lines: readonly Buffer[]): readonly string[] => lines.map((line) => line.toString('utf8'));

describe('LineReader', () => {
  it('cuts the same lines wherever the bytes are split', () => {
    const bytes = Buffer.from('{"a":1}\n\nzwei ü\n{"b":"\\n"}\n');
    for (let at = 0; at <= bytes.length; at++) {
      const reader = new LineReader();
      const lines = [...reader.push(bytes.subarray(0, at)), ...reader.push(bytes.subarray(at))];
      expect(texts(lines)).toEqual(['{"a":1}', '', 'zwei ü', '{"b":"\\n"}']);
    }
  });

  it('gives back any lines, cut into any pieces', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
        const reader = new LineReader();
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const read = inPieces(bytes, cuts).flatMap((piece) => reader.push(piece));
        expect(texts(read)).toEqual(lines);
      }),
    );
  });

  it('takes a line of exactly the limit and refuses one byte more, however it comes', () => {
    for (const size of [1, 3, 100]) {
      const push = (bytes: Buffer): readonly Buffer[] => {
        const reader = new LineReader(8);
        return inPieces(bytes, [size]).flatMap((piece) => reader.push(piece));
      };
      expect(texts(push(Buffer.from('12345678\nab\n')))).toEqual(['12345678', 'ab']);
      expect(() => push(Buffer.from('123456789\n'))).toThrow(ProtocolError);
      expect(() => push(Buffer.from('123456789'))).toThrow('a line longer than 8 bytes was sent');
    }
  });
});

describe('readLine', () => {
  const options = { limit: 100, timeoutMs: 5_000 };

  it('takes one line and leaves every byte behind it in the stream, wherever they are split', async () => {
    const bytes = Buffer.from('hello\n\u0001\u0000raw\nbytes');
    for (let at = 0; at <= bytes.length; at++) {
      const stream = new PassThrough();
      const line = readLine(stream, options);
      stream.write(bytes.subarray(0, at));
      await new Promise(setImmediate); // or both pieces are read as one
      stream.end(bytes.subarray(at));
      expect((await line).toString()).toBe('hello');
      const rest: Buffer[] = [];
      for await (const chunk of stream) rest.push(chunk as Buffer);
      expect(Buffer.concat(rest).toString()).toBe('\u0001\u0000raw\nbytes');
    }
  });

  it('says that the channel was closed, also when it was closed before', async () => {
    const stream = new PassThrough();
    const line = readLine(stream, options);
    stream.end('no newline');
    await expect(line).rejects.toThrow('the other side closed the channel');
    const closed = new PassThrough();
    closed.destroy();
    await expect(readLine(closed, { ...options, timeoutMs: 2_000 })).rejects.toThrow(ProtocolError);
  });

  it('passes a broken stream on', async () => {
    const stream = new PassThrough();
    const line = readLine(stream, options);
    stream.destroy(new Error('cable'));
    await expect(line).rejects.toThrow('cable');
  });

  it('gives up a line that is too long, and one that does not come', async () => {
    const stream = new PassThrough();
    stream.write('x'.repeat(101));
    await expect(readLine(stream, options)).rejects.toThrow('longer than 100 bytes');
    await expect(readLine(new PassThrough(), { limit: 9, timeoutMs: 10 })).rejects.toThrow(
      'no answer within 0.01 s',
    );
  });
});
