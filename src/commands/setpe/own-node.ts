import { hostname, networkInterfaces } from 'node:os';
import type { ConfiguredNode } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { parseAddress } from '../../core/map-address.js';

/** What this machine is called and where it can be reached. */
export interface Machine {
  /** Without loopback, which every machine has. */
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  /** Addresses of a host name; empty when it has none. */
  resolve(name: string): Promise<readonly string[]>;
}

/** Every number that this machine could have in the map: by its addresses and names, else by what names resolve to. */
export async function ownNodes(
  nodes: readonly ConfiguredNode[],
  machine: Machine,
  deadlineMs: number,
): Promise<readonly NodeId[]> {
  const own = new Set([...machine.addresses, ...machine.names].map((text) => text.toLowerCase()));
  const direct = nodes.filter((node) => hostsOf(node).some((host) => own.has(host)));
  if (direct.length > 0) return direct.map(({ node }) => node);
  const named = nodes.filter((node) => hostsOf(node).some((host) => parseAddress(host)?.kind === 'name'));
  const looking = Promise.all(
    named.map(async (node) => {
      const addresses = await Promise.all(hostsOf(node).map((host) => machine.resolve(host)));
      return addresses.flat().some((address) => own.has(address)) ? [node.node] : [];
    }),
  );
  return (await Promise.race([looking, nothingAfter(deadlineMs)])).flat();
}

/** Address and aliases, without the login that may stand before them. */
function hostsOf({ address, aliases }: ConfiguredNode): readonly string[] {
  return [address, ...aliases].map((text) => text.replace(/^.*@/, '').toLowerCase());
}

function nothingAfter(ms: number): Promise<readonly NodeId[][]> {
  return new Promise((resolve) => {
    setTimeout(() => resolve([]), ms).unref();
  });
}

export function thisMachine(): Machine {
  const name = hostname();
  return {
    addresses: Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal }) => !internal)
      .sort((a, b) => a.family.localeCompare(b.family)) // IPv4 first: that is what the map mostly has
      .map(({ address }) => address),
    names: [...new Set([name, name.replace(/\..*$/, '')])],
    resolve: async (host) => {
      const { lookup } = await import('node:dns/promises');
      const found = await lookup(host, { all: true }).catch(() => []);
      return found.map(({ address }) => address);
    },
  };
}
