import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connectMosd, type MosdClient } from '../../cluster/mosd-client.js';
import type { JobExit } from '../../core/cluster-map.js';
import type { JobId } from '../../core/ids.js';
import { MoskitError } from '../../errors.js';
import { framesOf } from '../../protocol/frame-stream.js';
import { decodeData, encodeControl, encodeData, frameTypes, type Frame } from '../../protocol/frames.js';
import { encodeStdinEnd, parseIoDown } from '../../protocol/io-control.js';
import type { IoUp } from '../../protocol/messages.js';
import { InputPump } from './input-pump.js';
import { OrderedOutput } from './ordered-output.js';

const forwarded = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
] as const;
/** Whoever sends one of these wants an end. */
const ending: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);
const deliveredEveryMs = 1_000;
/** Home lets the job run ahead of us by eight times as much. */
const deliveredEveryBytes = 8 * 1024 * 1024;
const retryMs = 300;
const giveUpMs = 120_000;

export interface DeputyEnd {
  readonly exit: JobExit;
  /** What the recording sh said, for example that the command was not found. */
  readonly messages: string;
}

export interface DeputyOptions {
  readonly job: JobId;
  readonly deputy: { readonly pid: number; readonly startTicks: number };
  readonly withStdin: boolean;
  /** From the beginning, or (`--attach`) from where the last deputy had written out. */
  readonly from: 'start' | 'delivered';
  readonly env: NodeJS.ProcessEnv;
  note(text: string): void;
}

/**
 * The job's place in the user's shell: its output comes out of this process, its input goes in here, signals to this
 * process reach it, wherever it runs. A mosd that ends meanwhile is started again, and nothing is lost or repeated.
 */
export class Deputy {
  readonly #options: DeputyOptions;
  readonly #stdout: OrderedOutput;
  readonly #stderr: OrderedOutput;
  readonly #input: InputPump | null;
  #channel: Duplex | null = null;
  #waiting: IoUp[] = [];
  #hasStarted: boolean;
  #toldBroken = false;
  #toldBytes = 0;

  constructor(options: DeputyOptions) {
    this.#options = options;
    this.#stdout = new OrderedOutput(1, 0, (text) => options.note(text));
    this.#stderr = new OrderedOutput(2, 0, (text) => options.note(text));
    this.#input = options.withStdin ? new InputPump(process.stdin, options.from === 'start') : null;
    this.#hasStarted = options.from === 'start';
  }

  /** Runs until the job is over. Rejects only when mosd can't be had again. */
  async run(first: MosdClient): Promise<DeputyEnd> {
    this.#catchSignals();
    const ticker = setInterval(() => this.#tellDelivered(), deliveredEveryMs);
    try {
      for (let client = first; ; client = await this.#reconnect()) {
        const end = await this.#attach(client);
        client.close();
        if (end) return end;
      }
    } finally {
      clearInterval(ticker);
      this.#input?.close();
    }
  }

  /** Follows the streams over one channel; null when it broke before the end. */
  async #attach(client: MosdClient): Promise<DeputyEnd | null> {
    const offset = (output: OrderedOutput): number | null => (this.#hasStarted ? output.written : null);
    const channel = await client
      .openIo({
        open: 'io',
        job: this.#options.job,
        cluster: null,
        stdoutOffset: offset(this.#stdout),
        stderrOffset: offset(this.#stderr),
        deputy: this.#options.deputy,
      })
      .catch((error: unknown) => {
        if (error instanceof MoskitError && error.code === 'unreachable') return null;
        throw error;
      });
    if (!channel) return null;
    channel.on('error', () => undefined);
    this.#channel = channel;
    this.#input?.connect({
      data: (at, bytes) => channel.write(encodeData(frameTypes.stdin, at, bytes)),
      end: (at) => channel.write(encodeStdinEnd(at)),
    });
    for (const message of this.#waiting.splice(0)) this.#send(message);
    try {
      for await (const frame of framesOf(channel)) {
        const end = await this.#take(frame);
        if (end === 'broken') {
          await delay(retryMs);
          return null;
        }
        if (!end) continue;
        this.#tellDelivered();
        channel.end();
        return end;
      }
      return null;
    } finally {
      this.#channel = null;
      this.#input?.disconnect();
    }
  }

  async #take(frame: Frame): Promise<DeputyEnd | 'broken' | null> {
    if (frame.type === frameTypes.stdout || frame.type === frameTypes.stderr) {
      this.#hasStarted = true;
      const { offset, bytes } = decodeData(frame.payload);
      const output = frame.type === frameTypes.stdout ? this.#stdout : this.#stderr;
      await output.write(offset, bytes);
      const written = this.#stdout.written + this.#stderr.written;
      if (written - this.#toldBytes > deliveredEveryBytes) this.#tellDelivered();
      if (output.isBroken && !this.#toldBroken) {
        // Nobody reads us: what a local program would learn by SIGPIPE.
        this.#toldBroken = true;
        this.#send({ type: 'signal', signal: 'SIGPIPE' });
      }
      return null;
    }
    if (frame.type !== frameTypes.control) return null;
    const message = parseIoDown(frame.payload);
    if (message.type === 'stdinTaken') this.#input?.taken(message.offset);
    if (message.type === 'notice') this.#options.note(message.text);
    if (message.type === 'broken') return 'broken';
    return message.type === 'ended' ? { exit: message.exit, messages: message.messages } : null;
  }

  async #reconnect(): Promise<MosdClient> {
    const giveUpAt = performance.now() + giveUpMs;
    for (;;) {
      try {
        return await connectMosd({ start: true, env: this.#options.env });
      } catch (error) {
        if (performance.now() > giveUpAt) throw error;
        await delay(retryMs);
      }
    }
  }

  #send(message: IoUp): void {
    if (this.#channel) this.#channel.write(encodeControl(message));
    else if (message.type === 'signal') this.#waiting.push(message);
  }

  #tellDelivered(): void {
    if (!this.#hasStarted) return;
    this.#toldBytes = this.#stdout.written + this.#stderr.written;
    this.#send({ type: 'delivered', stdout: this.#stdout.written, stderr: this.#stderr.written });
  }

  #catchSignals(): void {
    for (const signal of forwarded)
      process.on(signal, () => {
        this.#send({ type: 'signal', signal });
        if (!ending.has(signal)) return;
        this.#stdout.giveUp();
        this.#stderr.giveUp();
      });
    process.on('SIGTSTP', () => {
      this.#send({ type: 'signal', signal: 'SIGTSTP' });
      process.kill(process.pid, 'SIGSTOP');
    });
  }
}
