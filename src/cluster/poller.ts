import { setMaxListeners } from 'node:events';
import type { ClusterSnapshot, ConfiguredNode } from '../core/cluster-map.js';
import { systemClock, type Clock } from './clock.js';
import { WatchedNode, type WatchOptions } from './watched-node.js';

export interface PollOptions {
  readonly nodes: readonly ConfiguredNode[];
  readonly connect: WatchOptions['connect'];
  /** Time between two snapshots. */
  readonly intervalMs: number;
  /** For one connection, and for one answer of a node. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** A snapshot waits this long for nodes that answered the last time; the others are shown with what they said last. */
const patienceMs = 250;
const standardSpeed = 10_000;

/**
 * The cluster seen from outside, with no mosd anywhere: a resident `sh` on every node, asked once per interval. The first
 * snapshot comes at once, with all nodes `connecting`; a node that does not answer holds up nobody. Ends when `signal` is
 * aborted or the reader stops; all connections are then closed.
 */
export async function* pollCluster(options: PollOptions): AsyncGenerator<ClusterSnapshot, void, undefined> {
  const poll = new Poll(options);
  const stop = (): void => poll.stop();
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    while (!poll.isStopped()) {
      await poll.round();
      if (!poll.isStopped()) yield poll.snapshot();
      await poll.rest();
    }
  } finally {
    options.signal?.removeEventListener('abort', stop);
    poll.stop();
  }
}

class Poll {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #ending = new AbortController();
  readonly #nodes: readonly WatchedNode[];
  #sleep = new AbortController();
  #roundAtMs = 0;
  #firstContacts: Promise<unknown> = Promise.resolve();

  constructor({ nodes, clock = systemClock, random = Math.random, ...options }: PollOptions) {
    this.#clock = clock;
    this.#intervalMs = options.intervalMs;
    setMaxListeners(0, this.#ending.signal);
    const watch = { connect: options.connect, deadlineMs: options.deadlineMs, clock, random };
    this.#nodes = nodes.map((node) => new WatchedNode(node, watch, this.#ending.signal));
  }

  isStopped(): boolean {
    return this.#ending.signal.aborted;
  }

  stop(): void {
    this.#ending.abort();
    this.#sleep.abort();
  }

  /** Asks everybody, waits for those that are prompt. */
  async round(): Promise<void> {
    this.#roundAtMs = this.#clock.nowMs();
    const prompt = this.#nodes.filter((node) => node.isPrompt);
    const asked = this.#nodes.map((node) => ({ node, answer: node.ask() }));
    if (this.#nodes.every((node) => node.isConnecting)) {
      this.#firstContacts = Promise.all(asked.map(({ answer }) => answer));
    }
    const awaited = asked.filter(({ node }) => prompt.includes(node)).map(({ answer }) => answer);
    if (awaited.length > 0) await this.#sleepUnless(Promise.all(awaited), patienceMs);
  }

  /** The time to the next round; less when the last node has just been contacted for the first time. */
  async rest(): Promise<void> {
    if (this.isStopped()) return;
    const restMs = Math.max(0, this.#roundAtMs + this.#intervalMs - this.#clock.nowMs());
    const never = new Promise<void>(() => undefined);
    const isNews = this.#nodes.some((node) => node.isConnecting);
    await this.#sleepUnless(isNews ? this.#firstContacts : never, restMs);
  }

  snapshot(): ClusterSnapshot {
    return {
      self: 0,
      atMs: this.#clock.nowMs(),
      sspeed: standardSpeed,
      nodes: this.#nodes.map((node) => node.view()),
      jobs: [],
      guests: [],
    };
  }

  async #sleepUnless(event: Promise<unknown>, ms: number): Promise<void> {
    this.#sleep = new AbortController();
    if (this.isStopped()) return;
    await Promise.race([event, this.#clock.sleep(ms, this.#sleep.signal)]);
    this.#sleep.abort();
  }
}
