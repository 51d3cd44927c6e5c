import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { uptime } from 'node:os';
import { formatPacket, parsePacket } from '../core/discovery-packet.js';
import type { NodeId } from '../core/ids.js';
import { current, dropOne, hear, noProposals, type Proposals } from '../core/proposals.js';
import { MoskitError, messageOf } from '../errors.js';

export interface Interface {
  readonly name: string;
  /** IPv4. */
  readonly address: string;
}

export interface DiscoveryOptions {
  readonly interfaces: readonly Interface[];
  readonly ttl: number;
  readonly intervalMs: number;
  readonly id: string;
  readonly name: string;
  /** This machine's number now, or 0. */
  readonly node: () => Promise<NodeId | 0>;
  /** What is heard, after every announcement of ours. */
  readonly onRound: (proposals: Proposals) => Promise<void>;
  readonly onNew: (address: string, name: string) => void;
}

/** Administratively scoped: no router passes it on unless it was told to. */
const group = '239.255.54.28';
const port = 5428;
/** What is more is not even looked at, so that a flood costs next to nothing. */
const mostPacketsPerSecond = 200;

/** Time of this machine that nobody sets, the same for all its processes, ms. */
export function upMs(): number {
  return Math.round(uptime() * 1000);
}

/** Announces this machine and hears others. Packets change the table of proposals, and nothing else in the world. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #senders: Socket[] = [];
  #receiver: Socket | null = null;
  #proposals: Proposals = noProposals;
  #timer: NodeJS.Timeout | undefined;
  #second = 0;
  #inSecond = 0;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Rejects when an interface can't do multicast. */
  async open(): Promise<void> {
    const { interfaces, ttl, intervalMs } = this.#options;
    try {
      const receiver = createSocket({ type: 'udp4', reuseAddr: true });
      this.#receiver = receiver;
      receiver.bind({ address: group, port });
      await once(receiver, 'listening');
      for (const { address } of interfaces) {
        receiver.addMembership(group, address);
        const sender = createSocket('udp4');
        this.#senders.push(sender);
        sender.on('error', () => undefined);
        sender.bind({ address, port: 0 });
        await once(sender, 'listening');
        sender.setMulticastInterface(address);
        sender.setMulticastTTL(ttl);
      }
      receiver.on('message', (bytes, { address }) => this.#receive(bytes, address));
      receiver.on('error', () => undefined);
    } catch (error) {
      this.close();
      throw new MoskitError(
        `no multicast on ${interfaces.map(({ name }) => name).join(', ')}: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
    await this.round();
    this.#timer = setInterval(() => void this.round(), intervalMs);
  }

  /** Announces once on every interface, and hands on what was heard. */
  async round(): Promise<void> {
    this.#proposals = current(this.#proposals, upMs());
    const { id, name, node, onRound } = this.#options;
    const heard = this.#proposals.machines.map((machine) => machine.id);
    const packet = Buffer.from(formatPacket({ id, name, node: await node(), heard }));
    // An interface that is down just now will be up again.
    for (const sender of this.#senders) sender.send(packet, port, group, () => undefined);
    await onRound(this.#proposals);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#receiver?.close();
    for (const sender of this.#senders) sender.close();
  }

  #receive(bytes: Buffer, address: string): void {
    const nowMs = upMs();
    if (this.#isFlooded(nowMs)) {
      this.#proposals = dropOne(this.#proposals);
      return;
    }
    const answer = parsePacket(bytes);
    if (!answer.ok) this.#proposals = dropOne(this.#proposals);
    else if (answer.packet.id !== this.#options.id) {
      const isNew = !this.#proposals.machines.some((machine) => machine.address === address);
      this.#proposals = hear(this.#proposals, answer.packet, { address, ownId: this.#options.id, nowMs });
      if (isNew) this.#options.onNew(address, answer.packet.name);
    }
  }

  #isFlooded(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    this.#inSecond += 1;
    return this.#inSecond > mostPacketsPerSecond;
  }
}
