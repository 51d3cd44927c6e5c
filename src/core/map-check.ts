import type { ConfigEntry } from './cluster-map.js';
import { maxNodeId } from './ids.js';
import { formatIpv4, isLoopback, parseAddress, parseIpv4 } from './map-address.js';

/** Something wrong with one entry of the map. */
export interface EntryProblem {
  /** Index of the entry. */
  readonly entry: number;
  readonly field: 'node' | 'address' | 'count';
  readonly message: string;
}

/** How the reader calls an entry: `line 3`, `config.entries[2]`. */
export type NameOfEntry = (index: number) => string;

interface Range {
  readonly entry: number;
  readonly first: number;
  readonly last: number;
}

/** The rules that both forms of the map share. An entry that breaks a rule by itself is not compared with the others. */
export function checkEntries(entries: readonly ConfigEntry[], nameOf: NameOfEntry): readonly EntryProblem[] {
  const alone = entries.flatMap((entry, index) => checkEntry(entry, index));
  const broken = new Set(alone.map(({ entry }) => entry));
  const sound = entries.map((entry, index) => ({ entry, index })).filter(({ index }) => !broken.has(index));
  const ranges = sound.filter(({ entry }) => !entry.alias);
  const aliases = sound.filter(({ entry }) => entry.alias);
  return [
    ...alone,
    ...nodeOverlaps(ranges, nameOf),
    ...addressOverlaps(ranges, aliases, nameOf),
    ...sameNames(sound, nameOf),
    ...unknownAliases(entries, aliases),
  ].sort((a, b) => a.entry - b.entry);
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

type Indexed = readonly { readonly entry: ConfigEntry; readonly index: number }[];

function checkEntry(entry: ConfigEntry, index: number): EntryProblem[] {
  const { node, address, count } = entry;
  const parsed = parseAddress(address);
  const problem = (field: EntryProblem['field'], message: string): EntryProblem[] => [
    { entry: index, field, message },
  ];
  if (!Number.isInteger(node) || node < 1 || node > maxNodeId) {
    return problem('node', `node number ${node} is not between 1 and ${maxNodeId}`);
  }
  if (!Number.isInteger(count) || count < 1) return problem('count', `${count} is no number of nodes`);
  if (node + count - 1 > maxNodeId) {
    return problem(
      'count',
      `${count} nodes from ${node} on go beyond node ${maxNodeId}, the last there can be`,
    );
  }
  if (!parsed) return problem('address', `'${clip(address)}' is neither an IP address nor a host name`);
  if (isLoopback(address)) {
    return problem(
      'address',
      `${address} is every machine's own address; give the one that the other nodes reach it by`,
    );
  }
  if (entry.alias && count !== 1) return problem('count', 'an ALIAS stands for one address');
  if (parsed.kind !== 'ipv4') {
    return count === 1
      ? []
      : problem('count', `only an IPv4 address can start a range; ${address} needs a count of 1`);
  }
  const room = 256 - (parsed.value % 256);
  if (count <= room) return [];
  return problem(
    'count',
    `${count} addresses from ${address} on go beyond ${formatIpv4(parsed.value + room - 1)}; split the range there`,
  );
}

function nodeOverlaps(ranges: Indexed, nameOf: NameOfEntry): EntryProblem[] {
  const spans = ranges.map(({ entry, index }) => ({
    entry: index,
    first: entry.node,
    last: entry.node + entry.count - 1,
  }));
  return overlaps(spans).map(({ earlier, later, first, last }) => {
    const what = first === last ? `node ${first} is` : `nodes ${first} to ${last} are`;
    return { entry: later, field: 'node', message: `${what} already given by ${nameOf(earlier)}` };
  });
}

function addressOverlaps(ranges: Indexed, aliases: Indexed, nameOf: NameOfEntry): EntryProblem[] {
  const isAlias = new Set(aliases.map(({ index }) => index));
  const spans = [...ranges, ...aliases].flatMap(({ entry, index }) => {
    const first = parseIpv4(entry.address);
    return first === null ? [] : [{ entry: index, first, last: first + entry.count - 1 }];
  });
  const touching = overlaps(spans, (a, b) => (isAlias.has(a) === isAlias.has(b) ? a > b : isAlias.has(a)));
  return touching.map(({ earlier, later, first, last }) => ({
    entry: later,
    field: 'address',
    message:
      isAlias.has(later) && !isAlias.has(earlier)
        ? `ALIAS address ${formatIpv4(first)} lies inside the range of ${nameOf(earlier)}; split that range around it`
        : `${sayAddresses(first, last)} already given by ${nameOf(earlier)}`,
  }));
}

function sayAddresses(first: number, last: number): string {
  if (first === last) return `address ${formatIpv4(first)} is`;
  return `addresses ${formatIpv4(first)} to ${formatIpv4(last)} are`;
}

interface Overlap {
  readonly earlier: number;
  readonly later: number;
  readonly first: number;
  readonly last: number;
}

/** Each range is compared with the one that reaches furthest before it, so that n ranges give at most n problems. */
function overlaps(
  ranges: readonly Range[],
  isLater: (a: number, b: number) => boolean = (a, b) => a > b,
): readonly Overlap[] {
  const sorted = [...ranges].sort((a, b) => a.first - b.first || a.entry - b.entry);
  const found: Overlap[] = [];
  let furthest: Range | undefined;
  for (const range of sorted) {
    if (furthest && range.first <= furthest.last) {
      const [earlier, later] = isLater(range.entry, furthest.entry) ? [furthest, range] : [range, furthest];
      found.push({
        earlier: earlier.entry,
        later: later.entry,
        first: range.first,
        last: Math.min(range.last, furthest.last),
      });
    }
    if (!furthest || range.last > furthest.last) furthest = range;
  }
  return found;
}

/** Names and IPv6 addresses: equal when they read the same. */
function sameNames(entries: Indexed, nameOf: NameOfEntry): EntryProblem[] {
  const seen = new Map<string, number>();
  return entries.flatMap(({ entry, index }) => {
    if (parseIpv4(entry.address) !== null) return [];
    const name = entry.address.toLowerCase();
    const earlier = seen.get(name);
    if (earlier === undefined) seen.set(name, index);
    if (earlier === undefined) return [];
    return [
      { entry: index, field: 'address', message: `${entry.address} is already given by ${nameOf(earlier)}` },
    ];
  });
}

/** All entries count as known, also broken ones: their own problem is told already. */
function unknownAliases(entries: readonly ConfigEntry[], aliases: Indexed): EntryProblem[] {
  if (aliases.length === 0) return [];
  const isKnown = coverage(entries.filter((entry) => !entry.alias));
  return aliases
    .filter(({ entry }) => !isKnown(entry.node))
    .map(({ entry, index }) => ({
      entry: index,
      field: 'node',
      message: `ALIAS of node ${entry.node}, which the map does not have`,
    }));
}

/** Counts where ranges start and end, so that a hundred thousand long ranges cost no more than short ones. */
function coverage(ranges: readonly ConfigEntry[]): (node: number) => boolean {
  const changes = new Int32Array(maxNodeId + 2);
  const clamp = (node: number): number => Math.max(0, Math.min(maxNodeId + 1, Math.trunc(node) || 0));
  for (const { node, count } of ranges) {
    changes[clamp(node)]! += 1;
    changes[clamp(node + Math.max(1, count))]! -= 1;
  }
  let open = 0;
  const covered = changes.map((change) => ((open += change), open > 0 ? 1 : 0));
  return (node) => covered[node] === 1;
}
