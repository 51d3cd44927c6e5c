import type { Duplex } from 'node:stream';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '../../core/ids.js';
import { bytesBetween, outputLimits, type OutputOffsets } from '../../core/output-flow.js';
import { openSpoolWriter, punchDelivered, type SpoolWriter } from '../../jobs/staging/spool.js';
import { framesOf } from '../../protocol/frame-stream.js';
import { decodeData, encodeControl, encodeData, frameTypes, type Frame } from '../../protocol/frames.js';
import { encodeStdinEnd, parseIoDown } from '../../protocol/io-control.js';
import { diskTrouble, requireRoom } from '../../disk-error.js';
import { messageOf, MoskitError } from '../../errors.js';
import type { JobEnd } from '../io-server.js';
import type { Log } from '../log.js';
import type { NodeAccess } from '../node-access.js';
import { StdinRelay } from './stdin-relay.js';

const retryMs = 500;
const ackEveryBytes = 8 * 1024 * 1024;
const punchEveryBytes = 16 * 1024 * 1024;
/** Output leaves so much of the disk to the records: without them its space could not be given back either. */
const reserveBytes = 4 * 1024 * 1024;
const lookEveryBytes = 1024 * 1024;
const roomLookMs = 20;
const endLookMs = 2_000;

/** Who takes the output out of the spools, and how far they are. */
export interface OutputTaker {
  readonly delivered: OutputOffsets;
  readonly isThere: boolean;
}

export interface FollowEvents {
  /** The job is over, and its output complete here. */
  ended(end: JobEnd): void;
  /** The disk at home takes no more of its output: it waits on its node, and then the job does. */
  noRoom(reason: string): void;
}

/** The streams of one job at home: spools that take every byte once, whichever node it comes from. */
export class JobIo {
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly stdin = new StdinRelay();
  readonly #job: JobId;
  readonly #cluster: string;
  readonly #log: Log;
  /** Where its spools are. */
  readonly dir: string;
  readonly #taker: () => OutputTaker;
  #acknowledged: OutputOffsets = { stdout: 0, stderr: 0 };
  #punched: OutputOffsets = { stdout: 0, stderr: 0 };
  /** What a deputy has written out, as the record on the disk says: the next one begins there. */
  #delivered: OutputOffsets = { stdout: 0, stderr: 0 };
  /** Bytes that were taken since the free space was looked at. */
  #unlooked = 0;
  #lastTrouble = '';
  /** The job has ended on its node: what comes now is all there is. */
  #isRest = false;
  #events: FollowEvents = { ended: () => undefined, noRoom: () => undefined };
  #stdout: SpoolWriter | undefined;
  #stderr: SpoolWriter | undefined;
  #input: SpoolWriter | undefined;
  #following: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(dir: string, job: JobId, cluster: string, log: Log, taker: () => OutputTaker) {
    this.dir = dir;
    this.#taker = taker;
    this.#job = job;
    this.#cluster = cluster;
    this.#log = log;
    this.stdoutPath = join(dir, 'stdout');
    this.stderrPath = join(dir, 'stderr');
  }

  async open(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    this.#stdout ??= await openSpoolWriter(this.stdoutPath);
    this.#stderr ??= await openSpoolWriter(this.stderrPath);
  }

  /** Output that is safe here, bytes; the node that runs the job next need not have what lies before. */
  /** Keeps input for a job that may have to read it again; before any node hears of it. */
  async keepInput(offset: number, bytes: Uint8Array): Promise<void> {
    await this.open();
    this.#input ??= await openSpoolWriter(join(this.dir, 'stdin.data'));
    await this.#input.write(offset, bytes);
  }

  async settle(): Promise<OutputOffsets> {
    await this.#stdout?.sync();
    await this.#stderr?.sync();
    return this.#sizes();
  }

  /** Follows the job on this node until `pause`, reconnecting as often as it takes. */
  follow(access: NodeAccess, events: FollowEvents): void {
    if (this.#following) return;
    this.#events = events;
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
    await this.#input?.close();
    this.#stdout = undefined;
    this.#stderr = undefined;
    this.#input = undefined;
  }

  async #run(access: NodeAccess, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isOver = await this.#followOnce(access, signal).catch(async (error: unknown) => {
        if (signal.aborted) return false;
        const isNew = this.#tell(`its streams on node ${access.node}: ${messageOf(error)}`);
        if (diskTrouble(error) === null) return false;
        if (isNew) this.#events.noRoom(waitsFor(error));
        await this.#punch(this.#delivered);
        return false;
      });
      if (isOver) return;
      await pauseFor(retryMs, signal);
    }
  }

  async #followOnce(access: NodeAccess, signal: AbortSignal): Promise<boolean> {
    await this.open();
    const opening = access.open({
      open: 'io',
      job: this.#job,
      cluster: this.#cluster,
      stdoutOffset: this.#stdout?.size ?? 0,
      stderrOffset: this.#stderr?.size ?? 0,
      deputy: null,
    });
    const channel = await unlessAborted(opening, signal);
    if (!channel) return false;
    const leave = (): void => void channel.destroy();
    signal.addEventListener('abort', leave);
    channel.on('error', () => undefined);
    try {
      this.stdin.connect(
        (offset, bytes) => channel.write(encodeData(frameTypes.stdin, offset, bytes)),
        (offset) => channel.write(encodeStdinEnd(offset)),
      );
      for await (const frame of framesOf(channel)) {
        if (await this.#take(frame)) return true;
        if (isOutput(frame)) {
          this.#lastTrouble = '';
          await this.#acknowledge(channel);
          await this.#room(access, signal);
        }
      }
      return false;
    } finally {
      this.stdin.disconnect();
      signal.removeEventListener('abort', leave);
      channel.destroy();
    }
  }

  /** A deputy has written out everything before these offsets: their space is given back. */
  async delivered(offsets: OutputOffsets): Promise<void> {
    this.#delivered = offsets;
    if (bytesBetween(this.#punched, offsets) >= punchEveryBytes) await this.#punch(offsets);
  }

  async #punch(offsets: OutputOffsets): Promise<void> {
    this.#punched = offsets;
    await punchDelivered(this.stdoutPath, offsets.stdout);
    await punchDelivered(this.stderrPath, offsets.stderr);
  }

  /** Tells the node what is safe here, so that its job goes on and its space is given back. */
  async #acknowledge(channel: Duplex): Promise<void> {
    if (bytesBetween(this.#acknowledged, this.#sizes()) < ackEveryBytes) return;
    const safe = await this.settle();
    this.#acknowledged = safe;
    channel.write(encodeControl({ type: 'delivered', ...safe }));
  }

  /** Waits until the spools have room. What an ended job has left over is taken in any case. */
  async #room(access: NodeAccess, signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; this.#isFull() && !signal.aborted; waitedMs += roomLookMs) {
      if (waitedMs === endLookMs)
        this.#tell('its output waits to be taken; it stands still when there is too much of it');
      if (waitedMs % endLookMs === endLookMs - roomLookMs) this.#isRest = await this.#hasEnded(access);
      await pauseFor(roomLookMs, signal);
    }
  }

  async #hasEnded(access: NodeAccess): Promise<boolean> {
    const guests = await access.call('guest.list', {}).catch(() => []);
    return guests.some((guest) => guest.job === this.#job && guest.phase === 'ended');
  }

  async #requireRoom(bytes: number): Promise<void> {
    this.#unlooked += bytes;
    if (this.#unlooked < lookEveryBytes) return;
    const what = `cannot spool to ${this.stdoutPath}`;
    await requireRoom(what, this.stdoutPath, reserveBytes, 'then it goes on by itself');
    this.#unlooked = 0;
  }

  #isFull(): boolean {
    if (this.#isRest) return false;
    const { delivered, isThere } = this.#taker();
    return bytesBetween(delivered, this.#sizes()) > (isThere ? outputLimits.taken : outputLimits.kept);
  }

  #sizes(): OutputOffsets {
    return { stdout: this.#stdout?.size ?? 0, stderr: this.#stderr?.size ?? 0 };
  }

  /** The same trouble again and again is one line of the log. */
  #tell(trouble: string): boolean {
    if (trouble === this.#lastTrouble) return false;
    this.#lastTrouble = trouble;
    this.#log.write(`job ${this.#job}: ${trouble}`);
    return true;
  }

  async #take(frame: Frame): Promise<boolean> {
    if (frame.type === frameTypes.stdout || frame.type === frameTypes.stderr) {
      const { offset, bytes } = decodeData(frame.payload);
      await this.#requireRoom(bytes.length);
      await (frame.type === frameTypes.stdout ? this.#stdout : this.#stderr)?.write(offset, bytes);
    } else if (frame.type === frameTypes.control) {
      const message = parseIoDown(frame.payload);
      if (message.type === 'stdinTaken') this.stdin.took(message.offset);
      if (message.type === 'broken') throw new MoskitError(message.reason);
      if (message.type === 'ended') {
        this.#events.ended({ exit: message.exit, messages: message.messages });
        return true;
      }
    }
    return false;
  }
}

function waitsFor(error: unknown): string {
  const todo = error instanceof MoskitError && error.hint ? `; ${error.hint}` : '';
  return `its output waits on its node: ${messageOf(error)}${todo}`;
}

function isOutput(frame: Frame): boolean {
  return frame.type === frameTypes.stdout || frame.type === frameTypes.stderr;
}

/** Null when it was aborted first: a node that is gone must not keep anybody waiting. */
function unlessAborted(opening: Promise<Duplex>, signal: AbortSignal): Promise<Duplex | null> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      resolve(null);
      opening.then(
        (late) => late.destroy(),
        () => undefined,
      );
    };
    if (signal.aborted) {
      leave();
      return;
    }
    signal.addEventListener('abort', leave);
    opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
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
