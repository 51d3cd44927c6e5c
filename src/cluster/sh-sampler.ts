import { once } from 'node:events';
import { limitFiles } from '../core/sh-limits.js';
import type { NodeReport } from '../core/cluster-map.js';
import {
  parseSections,
  parseShFacts,
  parseShSample,
  reportOf,
  stepHistory,
  type Sections,
  type ShFacts,
  type ShHistory,
} from '../core/sh-sample.js';
import { ProtocolError, UnreachableError } from '../errors.js';
import { magic } from '../protocol/handshake.js';
import { startDeadline } from '../transport/deadline.js';
import { cleanText, keepTail } from '../transport/remote-text.js';
import type { Connection, ExecChannel } from '../transport/transport.js';
import { samplerMarker, samplerScript } from './sampler-script.js';

/** A shell that lives on a node and answers one line with one sample. */
export interface ShSampler {
  /** One at a time. Rejects with UnreachableError after `deadlineMs`, and then for ever. */
  sample(deadlineMs: number): Promise<NodeReport>;
  close(): void;
}

export interface ShSamplerOptions {
  readonly name: string;
  readonly deadlineMs: number;
  /** Monotonic. */
  readonly nowMs?: () => number;
}

/** Starts the resident sampler over a connection. Rejects with UnreachableError or ProtocolError; the connection stays. */
export async function startShSampler(connection: Connection, options: ShSamplerOptions): Promise<ShSampler> {
  const talk = new Conversation(await openChannel(connection, options), options.name);
  try {
    talk.say(samplerScript);
    const facts = parseShFacts(await talk.hear(`\n${samplerMarker}\n`, '@end 0', options.deadlineMs));
    if (typeof facts === 'string') throw new ProtocolError(`${options.name} can't be sampled: ${facts}`);
    return new NodeSampler(talk, facts, options);
  } catch (error) {
    talk.close();
    throw error;
  }
}

async function openChannel(
  connection: Connection,
  { name, deadlineMs }: ShSamplerOptions,
): Promise<ExecChannel> {
  const deadline = startDeadline(name, deadlineMs);
  const opening = connection.exec('exec sh -s');
  let opened = false;
  try {
    const channel = await deadline.race(opening);
    opened = true;
    return channel;
  } finally {
    deadline.clear();
    if (!opened) opening.then((late) => late.close()).catch(() => undefined);
  }
}

class NodeSampler implements ShSampler {
  readonly #talk: Conversation;
  readonly #facts: ShFacts;
  readonly #options: ShSamplerOptions;
  readonly #nowMs: () => number;
  #history: ShHistory | null = null;
  #sequence = 0;

  constructor(talk: Conversation, facts: ShFacts, options: ShSamplerOptions) {
    this.#talk = talk;
    this.#facts = facts;
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  async sample(deadlineMs: number): Promise<NodeReport> {
    this.#sequence += 1;
    this.#talk.say(`${[this.#sequence, ...limitFiles(this.#facts)].join(' ')}\n`);
    const sections = await this.#talk.hear('', `@end ${this.#sequence}`, deadlineMs);
    const sample = parseShSample(sections, this.#facts, this.#nowMs());
    if (typeof sample === 'string')
      throw new ProtocolError(`${this.#options.name} can't be sampled: ${sample}`);
    const before = this.#history;
    this.#history = stepHistory(before, sample, this.#facts);
    return reportOf(before, this.#history, this.#facts);
  }

  close(): void {
    this.#talk.close();
  }
}

/** /proc/stat of a thousand processors fits; so does what a login script may say. */
const maxAnswerBytes = 512 * 1024;

const lastWordsMs = 500;

/** Lines out, marked texts in. After a failure nothing more is heard: an answer would be taken for a later one. */
class Conversation {
  readonly #channel: ExecChannel;
  readonly #name: string;
  readonly #stderr: () => string;
  #text = '';
  #broken: Error | null = null;
  #look: () => void = () => undefined;

  constructor(channel: ExecChannel, name: string) {
    this.#channel = channel;
    this.#name = name;
    this.#stderr = keepTail(channel.stderr);
    channel.stdin.on('error', () => undefined);
    channel.stdout.on('error', () => undefined);
    channel.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    void this.#watchEnd();
  }

  say(text: string): void {
    this.#channel.stdin.write(text);
  }

  /** What comes between `start` ('' = from here on) and the line `end`. */
  async hear(start: string, end: string, deadlineMs: number): Promise<Sections> {
    const timer = setTimeout(() => {
      this.#break(
        new UnreachableError(`${this.#name} did not answer within ${(deadlineMs / 1000).toFixed(1)} s`),
      );
    }, deadlineMs);
    try {
      return await new Promise<Sections>((resolve, reject) => {
        this.#look = () => {
          const answer = this.#cut(start, `${end}\n`);
          if (answer !== null) resolve(parseSections(answer));
          else if (this.#broken) reject(this.#broken);
        };
        this.#look();
      });
    } finally {
      clearTimeout(timer);
      this.#look = () => undefined;
    }
  }

  close(): void {
    this.#break(new UnreachableError(`the sampler on ${this.#name} was closed`));
  }

  #take(chunk: Buffer): void {
    if (this.#broken) return;
    this.#text += chunk.toString('latin1');
    if (this.#text.length > maxAnswerBytes) this.#break(new ProtocolError(`${this.#name} says too much`));
    this.#look();
  }

  #cut(start: string, end: string): string | null {
    const from = this.#text.indexOf(start);
    if (from < 0) return null;
    const to = this.#text.indexOf(`\n${end}`, from);
    if (to < 0) return null;
    const answer = this.#text.slice(from + start.length, to + 1);
    this.#text = this.#text.slice(to + 1 + end.length);
    return answer;
  }

  async #watchEnd(): Promise<void> {
    const { stdout, stderr, ended } = this.#channel;
    await Promise.race([ended, once(stdout, 'close')]);
    // What it said last is the reason, and may still be on its way.
    await once(stderr, 'close', { signal: AbortSignal.timeout(lastWordsMs) }).catch(() => undefined);
    if (this.#text.includes(magic)) {
      const message = `this key may only run 'moskit bridge' on ${this.#name}, which can't be sampled with it`;
      this.#break(new UnreachableError(message, { hint: 'its mosd tells its load: mosmon without --map' }));
      return;
    }
    const said = cleanText(this.#stderr());
    this.#break(new UnreachableError(`the sampler on ${this.#name} ended${said === '' ? '' : `: ${said}`}`));
  }

  #break(reason: Error): void {
    if (this.#broken) return;
    this.#broken = reason;
    this.#channel.close();
    this.#look();
  }
}
