import { fstatSync, readFileSync } from 'node:fs';
import type { JobSpec } from '../../core/job-spec.js';

const windowBytes = 1024 * 1024;
const foregroundLookMs = 200;
const devNull = 259; // major 1, minor 3

/** Is there anything to read at all? `/dev/null` and a closed stdin are nothing. */
export function stdinKind(): JobSpec['stdin'] {
  try {
    const stat = fstatSync(0);
    return stat.isCharacterDevice() && stat.rdev === devNull ? 'none' : 'stream';
  } catch {
    return 'none';
  }
}

export interface InputSink {
  data(offset: number, bytes: Buffer): void;
  end(offset: number): void;
}

/** Our stdin on its way to the job. What the job's node has not taken over is kept and sent again after a broken link. */
export class InputPump {
  readonly #input: NodeJS.ReadStream;
  #unacked: { readonly offset: number; readonly bytes: Buffer }[] = [];
  #read = 0;
  #taken = 0;
  #isEnded = false;
  #sink: InputSink | null = null;
  #knowsStart: boolean;
  #look: NodeJS.Timeout | undefined;

  /** `knowsStart` false: the job has had input before, and its side says first how much. */
  constructor(input: NodeJS.ReadStream, knowsStart: boolean) {
    this.#knowsStart = knowsStart;
    this.#input = input;
    input.pause();
    input.on('data', (chunk: Buffer | string) => this.#took(Buffer.from(chunk as Buffer)));
    input.pause();
    input.on('end', () => this.#ended());
    input.on('error', () => this.#ended());
    if (input.isTTY) this.#look = setInterval(() => this.#flow(), foregroundLookMs);
  }

  /** A channel is open: repeat what was not taken, go on. */
  connect(sink: InputSink): void {
    this.#sink = sink;
    for (const piece of this.#unacked) sink.data(piece.offset, piece.bytes);
    if (this.#isEnded) sink.end(this.#read);
    this.#flow();
  }

  disconnect(): void {
    this.#sink = null;
    this.#flow();
  }

  taken(offset: number): void {
    if (!this.#knowsStart) {
      this.#knowsStart = true;
      this.#read = offset;
    }
    this.#taken = Math.max(this.#taken, offset);
    while (this.#unacked[0] && this.#unacked[0].offset + this.#unacked[0].bytes.length <= offset)
      this.#unacked.shift();
    this.#flow();
  }

  close(): void {
    clearInterval(this.#look);
    this.#input.destroy();
  }

  #took(bytes: Buffer): void {
    const offset = this.#read;
    this.#read += bytes.length;
    this.#unacked.push({ offset, bytes });
    this.#sink?.data(offset, bytes);
    this.#flow();
  }

  #ended(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearInterval(this.#look);
    this.#sink?.end(this.#read);
  }

  /** Reads only while the link is there, the window is open, and (on a terminal) we are in the foreground. */
  #flow(): void {
    if (this.#isEnded) return;
    const mayRead =
      this.#sink !== null &&
      this.#knowsStart &&
      this.#read - this.#taken < windowBytes &&
      (!this.#input.isTTY || isForeground());
    if (mayRead) this.#input.resume();
    else this.#input.pause();
  }
}

/** A background process that reads its terminal would be stopped (SIGTTIN), as no local `sim &` would. */
function isForeground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[2] === fields[5]; // pgrp and tpgid
}
