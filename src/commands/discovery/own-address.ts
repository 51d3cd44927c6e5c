import { networkInterfaces } from 'node:os';
import { parseIpv4 } from '../../core/map-address.js';

/** The IPv4 address by which a neighbour knows this machine: that of the network that both are in. */
export function ownAddressTowards(neighbour: string): string | null {
  const there = parseIpv4(neighbour);
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  const shared = own.find(({ address, netmask }) => {
    const [here, mask] = [parseIpv4(address), parseIpv4(netmask)];
    return here !== null && mask !== null && there !== null && (here & mask) === (there & mask);
  });
  return shared?.address ?? null;
}
