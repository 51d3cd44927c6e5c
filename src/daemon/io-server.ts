import type { Duplex } from 'node:stream';
import type { JobExit } from '../core/cluster-map.js';
import { messageOf, ProtocolError } from '../errors.js';
import type { OutputOffsets } from '../core/output-flow.js';
import { followSpool } from '../jobs/staging/follow-spool.js';
import { drained, framesOf } from '../protocol/frame-stream.js';
import { decodeData, encodeControl, encodeData, frameTypes, type FrameType } from '../protocol/frames.js';
import { parseIoUp } from '../protocol/io-control.js';
import type { IoDown, IoUp } from '../protocol/messages.js';

export interface JobEnd {
  readonly exit: JobExit;
  readonly messages: string;
}

/** A job's standard streams as one side has them: files that grow, and somebody who takes the input. */
export interface IoSource {
  readonly stdoutPath: string;
  readonly stderrPath: string;
  /** Settles when the job is over and the files have everything. */
  readonly ended: Promise<JobEnd>;
  /** Takes input at `offset`; resolves when more may come. Bytes before what it has are ignored. */
  takeStdin(offset: number, bytes: Buffer): Promise<void>;
  endStdin(offset: number): Promise<void>;
  /** Called with the way to tell the other side how far input was taken. */
  onStdinTaken?(tell: (offset: number) => void): () => void;
  control(message: IoUp): void;
  /** Called when somebody follows; what it returns, when they no longer do. */
  onServed?(): () => void;
  /** Lines for the user; called with the way to send one. */
  onNotice?(tell: (text: string) => void): () => void;
}

/**
 * Serves one `io` channel until the other side leaves or everything, `ended` included, was sent. It is the other side
 * that closes: a channel closed here could drop what it has not read yet. When one of the streams can't be served, none
 * is any more: the other side hears why, and comes again. Answers that reason; null where all went well.
 */
export async function serveIo(
  channel: Duplex,
  from: OutputOffsets,
  source: IoSource,
): Promise<string | null> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  channel.on('close', leave);
  channel.on('end', leave);
  channel.on('error', leave);
  const send = (message: IoDown): void => {
    if (!channel.destroyed) channel.write(encodeControl(message));
  };
  let broken: string | null = null;
  const fail = (error: unknown): void => {
    if (gone.signal.aborted) return;
    broken = messageOf(error);
    send({ type: 'broken', reason: broken });
    leave();
  };
  const untell = [
    source.onServed?.(),
    source.onStdinTaken?.((offset) => send({ type: 'stdinTaken', offset })),
    source.onNotice?.((text) => send({ type: 'notice', text })),
  ];
  try {
    void receiveUp(channel, source).catch((error: unknown) => {
      if (error instanceof ProtocolError) channel.destroy(error);
      else fail(error);
    });
    let isOver = false;
    source.ended.then(() => {
      isOver = true;
    }, fail);
    const pump = (path: string, type: FrameType, offset: number): Promise<void> =>
      pumpSpool(channel, {
        path,
        type,
        offset,
        signal: gone.signal,
        isEnded: () => isOver,
        ended: source.ended,
      }).catch(fail);
    await Promise.all([
      pump(source.stdoutPath, frameTypes.stdout, from.stdout),
      pump(source.stderrPath, frameTypes.stderr, from.stderr),
    ]);
    if (!gone.signal.aborted) send({ type: 'ended', ...(await source.ended) });
    return broken;
  } finally {
    for (const stop of untell) stop?.();
  }
}

async function pumpSpool(
  channel: Duplex,
  spool: {
    readonly path: string;
    readonly type: FrameType;
    readonly offset: number;
    readonly signal: AbortSignal;
    readonly isEnded: () => boolean;
    readonly ended: Promise<unknown>;
  },
): Promise<void> {
  let offset = spool.offset;
  for await (const chunk of followSpool(spool.path, offset, {
    signal: spool.signal,
    isEnded: spool.isEnded,
    ended: spool.ended,
  })) {
    if (!channel.write(encodeData(spool.type, offset, chunk))) await drained(channel, spool.signal);
    offset += chunk.length;
  }
}

async function receiveUp(channel: Duplex, source: IoSource): Promise<void> {
  for await (const frame of framesOf(channel)) {
    if (frame.type === frameTypes.stdin) {
      const { offset, bytes } = decodeData(frame.payload);
      await source.takeStdin(offset, bytes);
    } else if (frame.type === frameTypes.stdinEnd) {
      await source.endStdin(decodeData(frame.payload).offset);
    } else if (frame.type === frameTypes.control) {
      source.control(parseIoUp(frame.payload));
    }
  }
}
