import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InputPump } from '../../../src/commands/mosrun/input-pump.js';
import { pollUntil } from '../../poll-until.js';

/** What arrives at one end of a channel. */
class Sink {
  readonly pieces: [number, string][] = [];
  ended: number | null = null;
  bytes = 0;
  data(offset: number, bytes: Buffer): void {
    this.bytes += bytes.length;
    if (bytes.length < 100) this.pieces.push([offset, bytes.toString()]);
  }
  end(offset: number): void {
    this.ended = offset;
  }
}

function pumping(knowsStart = true): { readonly input: PassThrough; readonly pump: InputPump } {
  const input = new PassThrough();
  const pump = new InputPump(input as unknown as ReadStream, knowsStart);
  onTestFinished(() => pump.close());
  return { input, pump };
}

/** Long enough for a stream that flows to show it. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe('standard input of a deputy', () => {
  it('goes out with its offsets, and ends where it ends', async () => {
    const { input, pump } = pumping();
    const sink = new Sink();
    pump.connect(sink);
    input.write('one');
    await pollUntil(() => sink.bytes === 3);
    input.end('two');
    await pollUntil(() => sink.ended !== null);
    expect(sink).toMatchObject({ pieces: [[0, 'one'], [3, 'two']], ended: 6 }); // prettier-ignore
  });

  it('is not read while nobody is there to take it', async () => {
    const { input, pump } = pumping();
    input.write('early');
    await aWhile();
    expect(input.readableLength).toBe(5);
    const sink = new Sink();
    pump.connect(sink);
    await pollUntil(() => sink.bytes === 5);
    pump.disconnect();
    input.write('late');
    await aWhile();
    expect(sink.bytes).toBe(5);
    expect(input.readableLength).toBe(4);
  });

  it('repeats what was not taken over a new channel, and its end too', async () => {
    const { input, pump } = pumping();
    const first = new Sink();
    pump.connect(first);
    for (const text of ['one', 'two', 'three']) {
      input.write(text);
      await pollUntil(() => first.pieces.at(-1)?.[1] === text);
    }
    input.end();
    await pollUntil(() => first.ended === 11);
    pump.taken(4); // in the middle of a piece: the other side leaves out what it has
    pump.disconnect();
    const second = new Sink();
    pump.connect(second);
    expect(second).toMatchObject({ pieces: [[3, 'two'], [6, 'three']], ended: 11 }); // prettier-ignore
    pump.taken(11);
    const third = new Sink();
    pump.connect(third);
    expect(third).toMatchObject({ pieces: [], ended: 11 });
  });

  it('waits when a mebibyte is on its way, until some is taken', async () => {
    const { input, pump } = pumping();
    const sink = new Sink();
    pump.connect(sink);
    const piece = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 64; i++) input.write(piece);
    await pollUntil(() => sink.bytes >= 1024 * 1024);
    await aWhile();
    expect(sink.bytes).toBeLessThan(2 * 1024 * 1024);
    const before = sink.bytes;
    pump.taken(before);
    await pollUntil(() => sink.bytes > before);
    while (sink.bytes < 64 * piece.length) {
      pump.taken(sink.bytes);
      await aWhile();
    }
    expect(sink.bytes).toBe(64 * piece.length);
  });

  it('of one that came back goes on where the last one ended, and is not read before that is known', async () => {
    const { input, pump } = pumping(false);
    const sink = new Sink();
    pump.connect(sink);
    input.write('more');
    await aWhile();
    expect(input.readableLength).toBe(4);
    pump.taken(1000);
    await pollUntil(() => sink.bytes === 4);
    expect(sink.pieces).toEqual([[1000, 'more']]);
  });

  it('that breaks is at its end', async () => {
    const { input, pump } = pumping();
    const sink = new Sink();
    pump.connect(sink);
    input.write('some');
    await pollUntil(() => sink.bytes === 4);
    input.destroy(new Error('EIO'));
    await pollUntil(() => sink.ended === 4);
  });
});
