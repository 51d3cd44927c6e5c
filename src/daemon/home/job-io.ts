import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '../../core/ids.js';
import { openSpoolWriter, type SpoolWriter } from '../../jobs/staging/spool.js';
import { framesOf } from '../../protocol/frame-stream.js';
import { decodeData, encodeData, frameTypes, type Frame } from '../../protocol/frames.js';
import { encodeStdinEnd, parseIoDown } from '../../protocol/io-control.js';
import type { JobEnd } from '../io-server.js';
import type { Log } from '../log.js';
import type { NodeAccess } from '../node-access.js';
import { StdinRelay } from './stdin-relay.js';

const retryMs = 500;

/** The streams of one job at home: spools that take every byte once, whichever node it comes from. */
export class JobIo {
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly stdin = new StdinRelay();
  /** Settles when the job is over and its output is complete here. */
  readonly ended: Promise<JobEnd>;
  readonly #job: JobId;
  readonly #cluster: string;
  readonly #log: Log;
  readonly #dir: string;
  #settleEnded: (end: JobEnd) => void = () => undefined;
  #stdout: SpoolWriter | undefined;
  #stderr: SpoolWriter | undefined;
  #following: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(dir: string, job: JobId, cluster: string, log: Log) {
    this.#dir = dir;
    this.#job = job;
    this.#cluster = cluster;
    this.#log = log;
    this.stdoutPath = join(dir, 'stdout');
    this.stderrPath = join(dir, 'stderr');
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
  }

  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    this.#stdout ??= await openSpoolWriter(this.stdoutPath);
    this.#stderr ??= await openSpoolWriter(this.stderrPath);
  }

  /** Output that is safe here, bytes; the node that runs the job next need not have what lies before. */
  async settle(): Promise<{ readonly stdout: number; readonly stderr: number }> {
    await this.#stdout?.sync();
    await this.#stderr?.sync();
    return { stdout: this.#stdout?.size ?? 0, stderr: this.#stderr?.size ?? 0 };
  }

  /** Follows the job on this node until `pause`, reconnecting as often as it takes. */
  follow(access: NodeAccess): void {
    if (this.#following) return;
    const stop = new AbortController();
    this.#following = { stop, done: this.#run(access, stop.signal) };
  }

  async pause(): Promise<void> {
    const following = this.#following;
    this.#following = undefined;
    following?.stop.abort();
    await following?.done;
  }

  async close(): Promise<void> {
    await this.pause();
    await this.#stdout?.close();
    await this.#stderr?.close();
    this.#stdout = undefined;
    this.#stderr = undefined;
  }

  async #run(access: NodeAccess, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isOver = await this.#followOnce(access, signal).catch((error: unknown) => {
        if (!signal.aborted)
          this.#log.write(`job ${this.#job}: its streams on node ${access.node}: ${String(error)}`);
        return false;
      });
      if (isOver) return;
      await pauseFor(retryMs, signal);
    }
  }

  async #followOnce(access: NodeAccess, signal: AbortSignal): Promise<boolean> {
    await this.open();
    const channel = await access.open({
      open: 'io',
      job: this.#job,
      cluster: this.#cluster,
      stdoutOffset: this.#stdout?.size ?? 0,
      stderrOffset: this.#stderr?.size ?? 0,
      deputy: null,
    });
    const leave = (): void => void channel.destroy();
    signal.addEventListener('abort', leave);
    channel.on('error', () => undefined);
    try {
      if (signal.aborted) return false;
      this.stdin.connect(
        (offset, bytes) => channel.write(encodeData(frameTypes.stdin, offset, bytes)),
        (offset) => channel.write(encodeStdinEnd(offset)),
      );
      for await (const frame of framesOf(channel)) {
        if (await this.#take(frame)) return true;
      }
      return false;
    } finally {
      this.stdin.disconnect();
      signal.removeEventListener('abort', leave);
      channel.destroy();
    }
  }

  async #take(frame: Frame): Promise<boolean> {
    if (frame.type === frameTypes.stdout || frame.type === frameTypes.stderr) {
      const { offset, bytes } = decodeData(frame.payload);
      await (frame.type === frameTypes.stdout ? this.#stdout : this.#stderr)?.write(offset, bytes);
    } else if (frame.type === frameTypes.control) {
      const message = parseIoDown(frame.payload);
      if (message.type === 'stdinTaken') this.stdin.took(message.offset);
      if (message.type === 'ended') {
        this.#settleEnded({ exit: message.exit, messages: message.messages });
        return true;
      }
    }
    return false;
  }
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
