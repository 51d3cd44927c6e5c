import type { NodeState } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { MoskitError, UnreachableError, explanationOf, messageOf } from '../errors.js';
import type { Connection } from '../transport/transport.js';
import { backoffMs } from './backoff.js';
import { dialPeer, hasUsableNodeJs, type DialOptions } from './dial.js';
import type { Caller, Dialled, MonitorOnly, PeerLink } from './peer-link.js';
import { Pause } from './pause.js';

export interface PeerState {
  readonly state: NodeState;
  /** Why it is not up, with what to do about it. */
  readonly problem?: string;
  /** How far the last attempt came, for --debug. */
  readonly explanation?: readonly string[];
}

export interface PeerOptions {
  readonly node: NodeId;
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  readonly program: string;
  readonly as: Caller;
  /** For one attempt; default 20 s. */
  readonly deadlineMs?: number;
  /** Called for every new link, before anybody who waits in `link()` gets it. */
  readonly onLink?: (link: PeerLink) => void;
  readonly onState?: (state: PeerState) => void;
  /** Another way to the machine than SSH. */
  readonly connect?: DialOptions['connect'];
}

/** Keeps one connection to one node, for as long as it is not closed. */
export interface Peer {
  readonly node: NodeId;
  readonly address: string;
  state(): PeerState;
  /** The link as it is now, or null. */
  current(): PeerLink | null;
  /** Connection to a monitor-only node (or of the link), or null. */
  connection(): Connection | null;
  /**
   * The link, or the next one, waited for at most `deadlineMs`. Rejects with UnreachableError that says why there is
   * none, as soon as the attempt under way has failed.
   */
  link(options?: { readonly deadlineMs?: number }): Promise<PeerLink>;
  /** Tries again at once instead of waiting for the backoff. */
  poke(): void;
  close(): void;
}

const attemptDeadlineMs = 20_000;
/** A link that lived this long was a good one: the next failure is the first again. */
const stableMs = 60_000;
/** Node.js may be installed meanwhile; to look for it is one short command. */
const lookForNodeJsMs = 30_000;
/** Whoever asks for a link this soon after a failure gets that failure. */
const freshFailureMs = 3000;

export function createPeer(options: PeerOptions): Peer {
  return new KeptPeer(options);
}

class KeptPeer implements Peer {
  readonly node: NodeId;
  readonly address: string;
  readonly #options: PeerOptions;
  readonly #ending = new AbortController();
  readonly #pause = new Pause();
  readonly #waiting = new Set<(outcome: PeerLink | Error) => void>();
  #state: PeerState = { state: 'connecting' };
  #link: PeerLink | null = null;
  #monitor: MonitorOnly | null = null;
  #failures = 0;
  #pokes = 0;
  #dialFailedAtMs = -Infinity;
  #socket: string | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.node = options.node;
    this.address = options.address;
    void this.#keep();
  }

  state(): PeerState {
    return this.#state;
  }

  current(): PeerLink | null {
    return this.#link;
  }

  connection(): Connection | null {
    return this.#link?.connection ?? this.#monitor?.connection ?? null;
  }

  link(options: { readonly deadlineMs?: number } = {}): Promise<PeerLink> {
    if (this.#link) return Promise.resolve(this.#link);
    if (this.#monitor) this.poke(); // the next one may have better luck
    const isFresh = performance.now() - this.#dialFailedAtMs < freshFailureMs;
    if (this.#isEnding() || this.#monitor || (this.#pause.isResting && isFresh)) {
      return Promise.reject(this.#whyNot());
    }
    const waited = this.#next(options.deadlineMs ?? attemptDeadlineMs);
    this.poke();
    return waited;
  }

  poke(): void {
    this.#pokes += 1;
    this.#pause.wake();
  }

  close(): void {
    this.#ending.abort(new UnreachableError(`the link to ${this.address} is not wanted any more`));
    this.#pause.wake();
    this.#link?.close();
    this.#monitor?.connection.close();
    this.#tell(this.#whyNot());
  }

  /** The life of a peer: dial, live on the link, wait, again. */
  async #keep(): Promise<void> {
    while (!this.#isEnding()) {
      try {
        await this.#live(await this.#dial());
      } catch (error) {
        this.#fail(error);
      }
      if (!this.#isEnding()) await this.#pause.rest(backoffMs(this.#failures, Math.random()));
    }
  }

  #isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  async #dial(): Promise<Dialled> {
    const { address, env, program, as, connect } = this.#options;
    const dialling = dialPeer({
      address,
      env,
      program,
      as,
      deadlineMs: this.#options.deadlineMs ?? attemptDeadlineMs,
      signal: this.#ending.signal,
      ...(this.#socket === undefined ? {} : { socket: this.#socket }),
      ...(connect ? { connect } : {}),
    });
    try {
      return await dialling;
    } catch (error) {
      this.#dialFailedAtMs = performance.now();
      throw error;
    }
  }

  async #live(dialled: Dialled): Promise<void> {
    if (this.#isEnding()) {
      (dialled.kind === 'link' ? dialled.link : dialled.connection).close();
    } else if (dialled.kind === 'link') await this.#liveOnLink(dialled.link);
    else await this.#watchOnly(dialled);
  }

  async #liveOnLink(link: PeerLink): Promise<void> {
    const sinceMs = performance.now();
    this.#link = link;
    this.#socket = link.hello.socket;
    try {
      this.#options.onLink?.(link);
      this.#become({ state: 'up' });
      this.#tell(link);
      const reason = await link.closed;
      if (performance.now() - sinceMs >= stableMs) this.#failures = 0;
      throw reason ?? new UnreachableError(`the link to ${this.address} was closed`);
    } finally {
      this.#link = null;
      link.close();
    }
  }

  async #watchOnly(monitor: MonitorOnly): Promise<void> {
    this.#monitor = monitor;
    this.#failures = 0;
    this.#become({ state: 'monitor-only', problem: monitor.reason });
    this.#tell(this.#whyNot());
    const ended = monitor.connection.closed.then((reason) => reason ?? new Error('closed'));
    const reason = await Promise.race([ended, this.#nodeJsAppears(monitor)]);
    this.#monitor = null;
    this.#pause.wake();
    monitor.connection.close();
    if (reason instanceof Error) throw reason;
  }

  /** The connection and its sampler stay meanwhile, or asking often would leave nothing to ask. */
  async #nodeJsAppears(monitor: MonitorOnly): Promise<void> {
    for (let pokesSeen = this.#pokes; this.#monitor === monitor;) {
      if (this.#pokes === pokesSeen) await this.#pause.rest(lookForNodeJsMs);
      pokesSeen = this.#pokes;
      if (this.#isEnding() || this.#monitor !== monitor) return;
      const timeoutMs = this.#options.deadlineMs ?? attemptDeadlineMs;
      if (await hasUsableNodeJs(monitor.connection, { name: this.address, timeoutMs })) return;
    }
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    if (this.#isEnding()) return;
    this.#become({ state: 'down', problem: describe(error), explanation: explanationOf(error) });
    this.#tell(error instanceof Error ? error : this.#whyNot());
  }

  #become(state: PeerState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  #whyNot(): UnreachableError {
    const { state, problem, explanation } = this.#state;
    if (this.#isEnding()) return this.#ending.signal.reason as UnreachableError;
    const word = state === 'monitor-only' ? 'monitor only' : state;
    return new UnreachableError(`${this.address} is ${word}${problem === undefined ? '' : `: ${problem}`}`, {
      explanation,
    });
  }

  #tell(outcome: PeerLink | Error): void {
    for (const waiter of [...this.#waiting]) waiter(outcome);
  }

  #next(deadlineMs: number): Promise<PeerLink> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: PeerLink | Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const late = new UnreachableError(`${this.address} did not answer within ${deadlineMs / 1000} s`);
      const timer = setTimeout(() => settle(late), deadlineMs);
      this.#waiting.add(settle);
    });
  }
}

function describe(error: unknown): string {
  const hint = error instanceof MoskitError ? error.hint : undefined;
  return hint === undefined ? messageOf(error) : `${messageOf(error)}; ${hint}`;
}
