import type { DiscoveryPacket } from './discovery-packet.js';
import type { NodeId } from './ids.js';
import { parseIpv4 } from './map-address.js';

/** A machine that was heard on the local network. It is no node: nothing is done with it until a person joins it. */
export interface Proposal {
  /** Where its packets came from. */
  readonly address: string;
  readonly id: string;
  readonly name: string;
  readonly node: NodeId | 0;
  /** Since this machine was started. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** It hears us too. */
  readonly isMutual: boolean;
}

export interface Proposals {
  /** In the order in which they were first heard. */
  readonly machines: readonly Proposal[];
  /** Packets that were malformed, or for which there was no room. */
  readonly dropped: number;
}

export const noProposals: Proposals = { machines: [], dropped: 0 };

/** Whoever floods the network fills this table and nothing else; those that are in it stay in it. */
export const mostProposals = 256;
const forgottenMs = 60_000;

/** One good packet. An address has one entry, whatever id it comes with. */
export function hear(
  proposals: Proposals,
  packet: DiscoveryPacket,
  from: { readonly address: string; readonly ownId: string; readonly nowMs: number },
): Proposals {
  const { address, ownId, nowMs } = from;
  const machines = proposals.machines.filter((machine) => isCurrent(machine, nowMs));
  const at = machines.findIndex((machine) => machine.address === address);
  if (at < 0 && machines.length >= mostProposals) return dropOne({ ...proposals, machines });
  const { id, name, node } = packet;
  const isMutual = packet.heard.includes(ownId);
  const firstAtMs = machines[at]?.firstAtMs ?? nowMs;
  const machine: Proposal = { address, id, name, node, firstAtMs, lastAtMs: nowMs, isMutual };
  return { ...proposals, machines: at < 0 ? [...machines, machine] : machines.with(at, machine) };
}

export function dropOne(proposals: Proposals): Proposals {
  return { ...proposals, dropped: proposals.dropped + 1 };
}

/** What was heard lately. */
export function current(proposals: Proposals, nowMs: number): Proposals {
  return { ...proposals, machines: proposals.machines.filter((machine) => isCurrent(machine, nowMs)) };
}

/** Times count from the start of the machine: one that lies ahead is from before. */
function isCurrent({ lastAtMs }: Proposal, nowMs: number): boolean {
  return lastAtMs <= nowMs && nowMs - lastAtMs < forgottenMs;
}

/** omdiscd's rule: the low 16 bits of the IPv4 address, so 192.168.10.220 is 2780. Null where that gives no number. */
export function numberFor(address: string): NodeId | null {
  const value = parseIpv4(address);
  if (value === null) return null;
  return (value & 0xffff) === 0 ? null : value & 0xffff;
}
