import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConfiguredNode, NodeReport, NodeView } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { createPeer, type Peer } from '../cluster/peer.js';
import type { PeerLink } from '../cluster/peer-link.js';
import type { Connection } from '../transport/transport.js';
import { UnreachableError } from '../errors.js';
import type { GuestMethods } from '../protocol/guest-messages.js';
import { openChannel, readGo } from '../protocol/open-channel.js';
import { Rpc } from '../protocol/rpc.js';
import { guestAnswers, parseShape, reportSchema } from '../protocol/schemas.js';
import type { Log } from './log.js';
import type { NodeAccess } from './node-access.js';

const defaultTimeoutMs = 15_000;
const linkWaitMs = 20_000;
const sampleEveryMs = 1_000;
/** After a sampler that failed. */
const sampleAgainMs = 5_000;
/** A node whose last report is older is not believed to be up. */
const staleMs = 10_000;

export interface NodesOptions {
  readonly self: NodeId;
  readonly cluster: string;
  readonly program: string;
  readonly socket: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Answers a guest request for this node itself. */
  serveOwn(method: string, params: unknown): Promise<unknown>;
  ownReport(): NodeReport;
  /** Gateways on the way to the farthest node: each makes waiting once more as long. */
  gateways?(): number;
  onNotification(node: NodeId, method: string, params: unknown): void;
  /** A node asks something of home, for example to take a guest back. */
  onRequest(node: NodeId, method: string, params: unknown): Promise<unknown>;
  /** A node comes up, goes down, or shows why it can't be reached. */
  onState(node: NodeId, state: string, problem: string): void;
  /** A link came up: compare what both sides know. */
  onLink(node: NodeId): void;
}

interface Entry {
  readonly node: ConfiguredNode;
  readonly peer: Peer;
  rpc: Rpc | null;
  report: NodeReport | null;
  /** On the monotonic clock. */
  reportedMs: number;
  bandwidth: number | null;
  /** The connection over which a sh sampler watches it. */
  sampled: Connection | null;
}

/** All nodes of the map as home knows them: one SSH connection each, the last report, the measured bandwidth. */
export class Nodes {
  readonly #options: NodesOptions;
  readonly #entries = new Map<NodeId, Entry>();
  #own: ConfiguredNode | null = null;

  constructor(options: NodesOptions) {
    this.#options = options;
  }

  get self(): NodeId {
    return this.#options.self;
  }

  /** Takes over a new map: new nodes are dialled, those no longer in it are left. */
  configure(nodes: readonly ConfiguredNode[]): void {
    const wanted = new Map(nodes.map((node) => [node.node, node]));
    this.#own = wanted.get(this.self) ?? null;
    for (const [id, entry] of this.#entries) {
      if (wanted.get(id)?.address === entry.node.address) continue;
      entry.peer.close();
      this.#entries.delete(id);
    }
    for (const node of nodes) {
      if (node.node !== this.self && !this.#entries.has(node.node)) this.#add(node);
    }
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.peer.close();
    this.#entries.clear();
  }

  has(node: NodeId): boolean {
    return node === this.self || this.#entries.has(node);
  }

  ids(): readonly NodeId[] {
    return [this.self, ...this.#entries.keys()].sort((a, b) => a - b);
  }

  /** `nowMs`: of the monotonic clock, as in `view`. */
  views(nowMs: number): readonly NodeView[] {
    return this.ids().map((id) => this.view(id, nowMs));
  }

  view(id: NodeId, nowMs: number): NodeView {
    if (id === this.self) {
      return {
        node: id,
        name: this.#own?.address ?? 'localhost',
        state: 'up',
        ageMs: 0,
        report: this.#options.ownReport(),
        bandwidth: null,
      };
    }
    const entry = this.#entry(id);
    const state = entry.peer.state();
    const ageMs = entry.report ? nowMs - entry.reportedMs : null;
    const isStale =
      state.state === 'up' && ageMs !== null && ageMs > staleMs * (1 + (this.#options.gateways?.() ?? 0));
    return {
      node: id,
      name: entry.node.address,
      state: isStale ? 'down' : state.state,
      ageMs,
      report: entry.report,
      bandwidth: entry.bandwidth,
      ...(isStale ? { problem: `no report for ${Math.round(ageMs / 1000)} s` } : {}),
      ...(state.problem === undefined ? {} : { problem: state.problem }),
    };
  }

  /** A transfer to or from this node was measured, bytes per second. */
  measured(node: NodeId, bandwidth: number): void {
    const entry = this.#entries.get(node);
    if (entry)
      entry.bandwidth = entry.bandwidth === null ? bandwidth : entry.bandwidth * 0.7 + bandwidth * 0.3;
  }

  access(node: NodeId): NodeAccess {
    return node === this.self ? this.#ownAccess() : this.#peerAccess(node);
  }

  /** Asks every node for a fresh report, each with its own deadline; failures show in the views. */
  async refresh(deadlineMs: number): Promise<void> {
    await Promise.all(
      [...this.#entries.values()].map(async (entry) => {
        if (!entry.rpc?.isOpen) {
          entry.peer.poke();
          return;
        }
        const report = await entry.rpc
          .request('node.report', {}, { timeoutMs: deadlineMs })
          .catch(() => null);
        if (report) this.#reported(entry, report);
      }),
    );
  }

  /** Resolves when no node is being contacted for the first time any more, or after `deadlineMs`. */
  async settled(deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    const isWaiting = ({ peer, report, rpc }: Entry): boolean =>
      peer.state().state === 'connecting' || (rpc?.isOpen === true && report === null);
    while (performance.now() < end && [...this.#entries.values()].some(isWaiting)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #entry(node: NodeId): Entry {
    const entry = this.#entries.get(node);
    if (!entry) throw new UnreachableError(`node ${node} is not in the map`);
    return entry;
  }

  #add(node: ConfiguredNode): void {
    const { env, program, cluster, self } = this.#options;
    const peer = createPeer({
      node: node.node,
      address: node.address,
      env,
      program,
      as: { home: self, you: node.node, cluster },
      onLink: (link) => this.#linked(node.node, link),
      onState: ({ state, problem }) => {
        this.#options.onState(node.node, state, problem ?? '');
        if (state === 'monitor-only') void this.#watchPlain(node.node);
      },
    });
    this.#entries.set(node.node, {
      node,
      peer,
      rpc: null,
      report: null,
      reportedMs: 0,
      bandwidth: null,
      sampled: null,
    });
  }

  /** A node without Node.js is looked at through a resident sh, as long as it stays one. */
  async #watchPlain(node: NodeId): Promise<void> {
    const entry = this.#entries.get(node);
    const connection = entry?.peer.connection();
    if (!entry || !connection || entry.sampled === connection) return;
    entry.sampled = connection;
    const isWatched = (): boolean =>
      this.#entries.get(node) === entry &&
      entry.peer.state().state === 'monitor-only' &&
      entry.peer.connection() === connection;
    while (isWatched()) {
      try {
        await this.#sample(entry, connection, isWatched);
      } catch (error) {
        if (isWatched()) this.#options.log.error(error);
        await new Promise((resolve) => setTimeout(resolve, sampleAgainMs));
      }
    }
  }

  async #sample(entry: Entry, connection: Connection, isWatched: () => boolean): Promise<void> {
    const { startShSampler } = await import('../cluster/sh-sampler.js');
    const name = `node ${entry.node.node}`;
    const sampler = await startShSampler(connection, { name, deadlineMs: defaultTimeoutMs });
    try {
      while (isWatched()) {
        this.#reported(entry, await sampler.sample(defaultTimeoutMs));
        await new Promise((resolve) => setTimeout(resolve, sampleEveryMs));
      }
    } finally {
      sampler.close();
    }
  }

  #linked(node: NodeId, link: PeerLink): void {
    const entry = this.#entry(node);
    const rpc = new Rpc(link.rpc, {
      peerName: `node ${node}`,
      onRequest: (method, params) => this.#options.onRequest(node, method, params),
      onNotification: (method, params) => {
        if (method === 'report') this.#reported(entry, params);
        else this.#options.onNotification(node, method, params);
      },
    });
    entry.rpc = rpc;
    void rpc.closed.then(() => link.close());
    void rpc
      .request('node.subscribe', {}, { timeoutMs: defaultTimeoutMs })
      .then((report) => {
        this.#reported(entry, report);
        this.#options.onLink(node);
      })
      .catch((error: unknown) => this.#options.log.error(error));
  }

  /** A report that does not fit is passed over: the node then looks stale, and the log says why. */
  #reported(entry: Entry, report: unknown): void {
    const parsed = reportSchema.safeParse(report);
    if (!parsed.success) {
      this.#options.log.write(
        `node ${entry.node.node} sent a damaged report: ${parsed.error.issues[0]?.message ?? ''}`,
      );
      return;
    }
    entry.report = parsed.data;
    entry.reportedMs = performance.now();
  }

  #peerAccess(node: NodeId): NodeAccess {
    const entry = this.#entry(node);
    const call = async (method: string, params: unknown, timeoutMs: number): Promise<unknown> => {
      if (!entry.rpc?.isOpen) await entry.peer.link({ deadlineMs: Math.min(timeoutMs, linkWaitMs) });
      if (!entry.rpc) throw new UnreachableError(`node ${node} is not connected`);
      return entry.rpc.request(method, params, { timeoutMs });
    };
    return {
      node,
      heard: () => (entry.rpc?.receivedBytes ?? 0) + (entry.peer.connection()?.receivedBytes ?? 0),
      call: async <M extends keyof GuestMethods>(
        method: M,
        params: GuestMethods[M][0],
        options: { readonly timeoutMs?: number } = {},
      ) => {
        const answer = await call(method, params, options.timeoutMs ?? defaultTimeoutMs);
        const what = `node ${node}'s answer to ${method}`;
        return parseShape(guestAnswers[method], answer, what) as GuestMethods[M][1];
      },
      open: async (opening) => {
        const link = entry.peer.current() ?? (await entry.peer.link({ deadlineMs: linkWaitMs }));
        return link.openChannel(opening, { timeoutMs: defaultTimeoutMs });
      },
    };
  }

  /** This node: requests go straight to the guests, channels through the own socket. */
  #ownAccess(): NodeAccess {
    const { socket, self } = this.#options;
    return {
      node: self,
      heard: () => null,
      call: <M extends keyof GuestMethods>(method: M, params: GuestMethods[M][0]) =>
        this.#options.serveOwn(method, params) as Promise<GuestMethods[M][1]>,
      open: async (opening): Promise<Duplex> => {
        const channel = connect(socket);
        channel.on('error', () => undefined);
        await openChannel(channel, opening, { role: 'home', timeoutMs: defaultTimeoutMs });
        await readGo(channel, defaultTimeoutMs);
        return channel;
      },
    };
  }
}
