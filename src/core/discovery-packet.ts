import { isNodeId, type NodeId } from './ids.js';

/** What a machine says of itself on the local network. Its address is where the packet came from, not what it says. */
export interface DiscoveryPacket {
  /** Of the discoverer that sent it: 128 random bits. */
  readonly id: string;
  /** What the machine calls itself. */
  readonly name: string;
  /** Its number, if it is in a cluster; else 0. */
  readonly node: NodeId | 0;
  /** Whom it has heard lately: who finds itself here is heard. */
  readonly heard: readonly string[];
}

export type PacketAnswer =
  { readonly ok: true; readonly packet: DiscoveryPacket } | { readonly ok: false; readonly problem: string };

export const mostPacketBytes = 1400;
const mostHeard = 32;
const magic = 'moskit-discovery 1 ';
const idPattern = /^[0-9a-f]{32}$/;
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

export function formatPacket(packet: DiscoveryPacket): string {
  const { id, name, node, heard } = packet;
  return magic + JSON.stringify({ id, name, node, heard: heard.slice(0, mostHeard) });
}

/** Anybody can send anything: what is not exactly a packet is refused whole. */
export function parsePacket(bytes: Uint8Array): PacketAnswer {
  if (bytes.length > mostPacketBytes) return no('it is too long');
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.startsWith(magic)) return no('it is none of ours');
    value = JSON.parse(text.slice(magic.length));
  } catch {
    return no('it is garbled');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return no('it is garbled');
  const { id, name, node, heard, ...rest } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(rest).length > 0) return no('it says more than a packet does');
  if (!isId(id)) return no('its id is none');
  if (typeof name !== 'string' || !namePattern.test(name)) return no('its name is none');
  if (node !== 0 && !isNodeId(node)) return no('its number is none');
  if (!Array.isArray(heard) || heard.length > mostHeard || !heard.every(isId))
    return no('whom it heard is unclear');
  return { ok: true, packet: { id, name, node, heard } };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value);
}

function no(problem: string): PacketAnswer {
  return { ok: false, problem };
}
