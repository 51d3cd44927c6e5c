import type { Duplex } from 'node:stream';
import { plainText } from '../core/plain-text.js';
import {
  MoskitError,
  ProtocolError,
  RefusedError,
  UnreachableError,
  UsageError,
  messageOf,
} from '../errors.js';
import { LineReader, maxLineBytes } from './lines.js';
import type { WireError } from './messages.js';

const maxUnansweredRequests = 10_000;
const maxUnsentBytes = 64 * 1024 * 1024;
const maxReasonLength = 2000;
const maxExplanationLines = 80;
const maxExplanationLength = 600;

export interface RpcOptions {
  /** Answers a request of the other side; a thrown error travels back. */
  readonly onRequest?: (method: string, params: unknown) => Promise<unknown>;
  readonly onNotification?: (method: string, params: unknown) => void;
  /** Named in errors, for example `node 3`. */
  readonly peerName: string;
}

/** Requests, answers and notifications, both ways, over one stream of NDJSON lines. */
export class Rpc {
  readonly #stream: Duplex;
  readonly #options: RpcOptions;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #nextId = 1;
  #open = true;
  #inHand = 0;
  #receivedBytes = 0;
  readonly closed: Promise<Error | undefined>;
  #settleClosed: (reason: Error | undefined) => void = () => undefined;

  constructor(stream: Duplex, options: RpcOptions) {
    this.#stream = stream;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    const reader = new LineReader(maxLineBytes);
    stream.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.length;
      try {
        for (const line of reader.push(chunk)) if (this.#open) this.#receive(line);
      } catch (error) {
        this.#end(error as Error);
      }
    });
    stream.on('error', (error) => this.#end(error));
    stream.on('end', () => this.#end(undefined));
    stream.on('close', () => this.#end(undefined));
    stream.resume();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Rejects with the other side's error, UnreachableError when the link breaks or `timeoutMs` is over. */
  request(method: string, params: unknown, options: { timeoutMs?: number } = {}): Promise<unknown> {
    if (!this.#open) return Promise.reject(this.#gone());
    if (this.#waiting.size >= maxUnansweredRequests) {
      return Promise.reject(
        new UnreachableError(`${this.#options.peerName} leaves too many requests unanswered`),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer =
        options.timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              this.#waiting.delete(id);
              reject(
                new UnreachableError(
                  `${this.#options.peerName} did not answer '${method}' within ${(options.timeoutMs ?? 0) / 1000} s`,
                ),
              );
            }, options.timeoutMs);
      this.#waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#send({ id, method, params });
    });
  }

  notify(method: string, params: unknown): void {
    if (this.#open) this.#send({ method, params });
  }

  close(): void {
    this.#end(undefined);
  }

  #send(message: unknown): void {
    if (this.#stream.writableLength > maxUnsentBytes) {
      this.#end(new UnreachableError(`${this.#options.peerName} does not read what it is sent`));
      return;
    }
    this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  #receive(line: Buffer): void {
    const message = parseMessage(line);
    if (message.kind === 'answer') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) waiting?.reject(fromWire(message.error));
      else waiting?.resolve(message.result);
    } else if (message.kind === 'notification') {
      this.#options.onNotification?.(message.method, message.params);
    } else if (message.kind === 'refusal') {
      this.#end(new RefusedError(message.reason));
    } else {
      void this.#answer(message.id, message.method, message.params);
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    if (this.#inHand >= maxUnansweredRequests) {
      this.#end(new UnreachableError(`${this.#options.peerName} asks too much at once`));
      return;
    }
    this.#inHand += 1;
    try {
      if (!this.#options.onRequest) throw new ProtocolError(`nobody answers '${method}' here`);
      const result = await this.#options.onRequest(method, params);
      if (this.#open) this.#send({ id, result: result ?? {} });
    } catch (error) {
      if (this.#open) this.#send({ id, error: toWire(error) });
    } finally {
      this.#inHand -= 1;
    }
  }

  #end(reason: Error | undefined): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.destroy();
    for (const waiting of this.#waiting.values()) waiting.reject(this.#gone(reason));
    this.#waiting.clear();
    this.#settleClosed(reason);
  }

  #gone(reason?: Error): UnreachableError {
    return new UnreachableError(
      `the link to ${this.#options.peerName} is closed${reason ? `: ${reason.message}` : ''}`,
      { cause: reason },
    );
  }
}

type Parsed =
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly result: unknown;
      readonly error: WireError | undefined;
    }
  | { readonly kind: 'request'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  /** The other side did not take the opening, or gives the channel up: the last line it sends. */
  | { readonly kind: 'refusal'; readonly reason: string };

/** Throws ProtocolError for anything that is not one of the message forms. */
function parseMessage(line: Buffer): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw new ProtocolError('a line that is not JSON was sent');
  }
  if (typeof value !== 'object' || value === null)
    throw new ProtocolError('a message that is no object was sent');
  const { id, method, params, result, error } = value as Record<string, unknown>;
  if (typeof method === 'string') {
    if (id === undefined) return { kind: 'notification', method, params };
    if (typeof id === 'number') return { kind: 'request', id, method, params };
  } else if (typeof id === 'number') {
    if (error === undefined) return { kind: 'answer', id, result, error: undefined };
    if (isWireError(error)) return { kind: 'answer', id, result: undefined, error };
  } else if (id === undefined && typeof error === 'string') {
    return { kind: 'refusal', reason: plainText(error, maxReasonLength) };
  }
  throw new ProtocolError('a damaged message was sent');
}

function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Record<string, unknown>;
  return typeof code === 'string' && typeof message === 'string';
}

/** What another machine explains, bounded and cleaned. */
function plainLines(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, maxExplanationLines)
    .flatMap((line: unknown) => (typeof line === 'string' ? [plainText(line, maxExplanationLength)] : []));
}

export function toWire(error: unknown): WireError {
  if (error instanceof MoskitError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.explanation.length === 0 ? {} : { explanation: error.explanation }),
    };
  }
  return { code: 'failed', message: messageOf(error) };
}

export function fromWire(error: WireError): MoskitError {
  const details = {
    hint: typeof error.hint === 'string' ? plainText(error.hint, maxReasonLength) : undefined,
    explanation: plainLines(error.explanation),
  };
  const message = plainText(error.message, 4000);
  switch (error.code) {
    case 'usage':
      return new UsageError(message, details);
    case 'unreachable':
      return new UnreachableError(message, details);
    case 'refused':
      return new RefusedError(message, details);
    default:
      return new MoskitError(message, details);
  }
}
