import type { Duplex } from 'node:stream';
import { ProtocolError } from '../errors.js';
import { FrameReader, type Frame } from './frames.js';

/** The frames of a channel, one by one, with back pressure; ends when the channel does. */
export async function* framesOf(channel: Duplex): AsyncGenerator<Frame> {
  const reader = new FrameReader();
  try {
    for await (const chunk of channel.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      yield* reader.push(chunk);
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    // A broken channel is an ordinary end here: whoever needs it opens another one.
  }
}

/** Resolves when the stream takes more, or is gone. */
export function drained(stream: Duplex, signal: AbortSignal): Promise<void> {
  if (signal.aborted || stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    signal.addEventListener('abort', done);
  });
}
