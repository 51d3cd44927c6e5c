import type { ClusterConfig, ConfiguredNode } from './cluster-map.js';
import { maxNodeId, type NodeId } from './ids.js';
import { formatIpv4, parseIpv4 } from './map-address.js';

/** Works out ranges and aliases, in the order of the node numbers. The map must have been checked. */
export function expandNodes(config: ClusterConfig): readonly ConfiguredNode[] {
  const aliases = new Map<NodeId, string[]>();
  for (const { node, address, alias } of config.entries) {
    if (alias) aliases.set(node, [...(aliases.get(node) ?? []), address]);
  }
  return config.entries
    .filter(({ alias }) => !alias)
    .flatMap(({ node, address, count }) =>
      Array.from({ length: count }, (_, index) => ({
        node: node + index,
        address: addressAt(address, index),
        aliases: aliases.get(node + index) ?? [],
      })),
    )
    .sort((a, b) => a.node - b.node);
}

function addressAt(first: string, index: number): string {
  const value = parseIpv4(first);
  return value === null ? first : formatIpv4(value + index);
}

/** By number, address, alias or name, as `whois` and `migrate` take them. */
export function findNode(nodes: readonly ConfiguredNode[], text: string): ConfiguredNode | undefined {
  const wanted = text.trim().toLowerCase();
  if (/^\d+$/.test(wanted)) return nodes.find(({ node }) => node === Number(wanted));
  return nodes.find(({ address, aliases }) =>
    [address, ...aliases].some((name) => namesFor(name).includes(wanted)),
  );
}

/** A login in front of the host is no part of its name. */
function namesFor(address: string): readonly string[] {
  const name = address.toLowerCase();
  return [name, name.replace(/^.*@/, '')];
}

export type NodeListAnswer =
  { readonly ok: true; readonly nodes: readonly NodeId[] } | { readonly ok: false; readonly problem: string };

/** `1,4-6,8,19-21`, the list of `mosrun -j` (manual, mosrun). `known`: the nodes of the map; others are refused. */
export function parseNodeList(text: string, known?: ReadonlySet<NodeId>): NodeListAnswer {
  const listed = new Set<NodeId>();
  for (const part of text.split(',').map((word) => word.trim())) {
    const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(part);
    if (!match) return no(`'${part.slice(0, 40)}' is no node number and no range such as 4-6`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first < 1 || last > maxNodeId) return no(`'${part}': node numbers go from 1 to ${maxNodeId}`);
    if (last < first) return no(`'${part}' runs backwards`);
    for (let node = first; node <= last; node++) {
      if (known && !known.has(node)) return no(`node ${node} is not in the map`);
      listed.add(node);
    }
  }
  return { ok: true, nodes: [...listed].sort((a, b) => a - b) };
}

function no(problem: string): NodeListAnswer {
  return { ok: false, problem };
}
