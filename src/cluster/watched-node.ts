import type { ConfiguredNode, NodeReport, NodeView } from '../core/cluster-map.js';
import { MoskitError, messageOf } from '../errors.js';
import { startDeadline } from '../transport/deadline.js';
import type { Connection } from '../transport/transport.js';
import { backoffMs } from './backoff.js';
import type { Clock } from './clock.js';
import { startShSampler, type ShSampler } from './sh-sampler.js';

export interface WatchOptions {
  /** Opens the connection to a node; has `deadlineMs` for it. */
  readonly connect: (node: ConfiguredNode, deadlineMs: number, signal: AbortSignal) => Promise<Connection>;
  /** For one connection, and for one answer. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Use of the processors shows only between two samples: the first two come this close to each other. */
const firstSamplesApartMs = 200;
const watchedProblem = 'watched over sh; its speed is a guess';

/** One node of a poll: keeps one live channel to it, connects again when it breaks, and remembers what it said last. */
export class WatchedNode {
  readonly node: ConfiguredNode;
  readonly #options: WatchOptions;
  readonly #signal: AbortSignal;
  #state: NodeView['state'] = 'connecting';
  #problem: string | undefined;
  #last: { readonly report: NodeReport; readonly atMs: number } | null = null;
  #live: { readonly connection: Connection; readonly sampler: ShSampler } | null = null;
  #failures = 0;
  #retryAtMs = -Infinity;
  #asking: Promise<void> | null = null;

  constructor(node: ConfiguredNode, options: WatchOptions, signal: AbortSignal) {
    this.node = node;
    this.#options = options;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#disconnect(), { once: true });
  }

  view(): NodeView {
    const { node, address } = this.node;
    const age = this.#last && Math.max(0, this.#options.clock.nowMs() - this.#last.atMs);
    return {
      node,
      name: address,
      state: this.#state,
      ageMs: age,
      report: this.#last?.report ?? null,
      bandwidth: null,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** It has a live channel and answered the last time: worth waiting for. */
  get isPrompt(): boolean {
    return this.#live !== null && this.#state === 'monitor-only';
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting';
  }

  /**
   * One sample, after connecting where that is needed and not tried too recently. Settles when it is there or has
   * failed; never rejects. While one is under way, that one is meant.
   */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    if (!this.#live && this.#options.clock.nowMs() < this.#retryAtMs) return;
    try {
      if (!this.#live) await this.#connect();
      await this.#sample();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #connect(): Promise<void> {
    const { deadlineMs, clock } = this.#options;
    const connection = await this.#open(deadlineMs);
    try {
      const sampler = await startShSampler(connection, { name: this.node.address, deadlineMs });
      this.#live = { connection, sampler };
    } catch (error) {
      connection.close();
      throw error;
    }
    if (this.#signal.aborted) throw new Error('not wanted any more');
    await this.#sample();
    await clock.sleep(firstSamplesApartMs, this.#signal);
  }

  /** `connect` is told its deadline, but one that is wedged is not waited for. */
  async #open(deadlineMs: number): Promise<Connection> {
    const deadline = startDeadline(this.node.address, deadlineMs, this.#signal);
    const opening = this.#options.connect(this.node, deadlineMs, deadline.signal);
    let opened = false;
    try {
      const connection = await deadline.race(opening);
      opened = true;
      return connection;
    } finally {
      deadline.clear();
      if (!opened) opening.then((late) => late.close()).catch(() => undefined);
    }
  }

  async #sample(): Promise<void> {
    const report = await this.#live!.sampler.sample(this.#options.deadlineMs);
    this.#last = { report, atMs: this.#options.clock.nowMs() };
    this.#state = 'monitor-only';
    this.#problem = watchedProblem;
    this.#failures = 0;
  }

  #fail(error: unknown): void {
    const { clock, random } = this.#options;
    this.#disconnect();
    this.#failures += 1;
    this.#retryAtMs = clock.nowMs() + backoffMs(this.#failures, random());
    this.#state = 'down';
    const hint = error instanceof MoskitError && error.hint !== undefined ? `; ${error.hint}` : '';
    this.#problem = `${messageOf(error)}${hint}`;
  }

  #disconnect(): void {
    this.#live?.sampler.close();
    this.#live?.connection.close();
    this.#live = null;
  }
}
