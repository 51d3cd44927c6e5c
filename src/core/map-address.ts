/** Addresses in the map: IPv4 (which may start a range), IPv6, or a name that SSH resolves. */
export type Address =
  { readonly kind: 'ipv4'; readonly value: number } | { readonly kind: 'ipv6' } | { readonly kind: 'name' };

const longestAddress = 255;
const octet = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4Pattern = new RegExp(`^${[octet, octet, octet, octet].join('\\.')}$`);
/** Goes onto ssh's command line, so it never starts with a dash and holds nothing that a shell or ssh_config expands. */
const namePattern = /^(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*@)?[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const ipv6Pattern = /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?$/;

export function parseAddress(text: string): Address | null {
  if (text.length > longestAddress) return null;
  const value = parseIpv4(text);
  if (value !== null) return { kind: 'ipv4', value };
  if (/^[\d.]+$/.test(text)) return null; // digits and dots only, but no IPv4 address: a slip, not a name
  if (ipv6Pattern.test(text)) return { kind: 'ipv6' };
  return namePattern.test(text) ? { kind: 'name' } : null;
}

/** As a number; null for anything but four octets without leading zeros. */
export function parseIpv4(text: string): number | null {
  const match = ipv4Pattern.exec(text);
  return match ? match.slice(1).reduce((value, part) => value * 256 + Number(part), 0) : null;
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** Every machine calls itself so: in a map that all machines share it would mean another node on each. */
export function isLoopback(text: string): boolean {
  const host = text.toLowerCase().replace(/^.*@/, '');
  const value = parseIpv4(host);
  if (value !== null) return value >>> 24 === 127 || value === 0;
  if (/^(::1|::|0*(:0*){0,6}:0*1|::ffff:127\..*)$/.test(host)) return true;
  return /^(localhost|localhost\.localdomain|ip6-localhost|ip6-loopback|.*\.localhost)$/.test(host);
}
