import { parentOf } from './byte-path.js';
import { deltaEntries, isSameEntry } from './delta.js';
import { compilePatterns } from './glob.js';
import { listTree } from './list-tree.js';
import { bytesOf, type Entry, type Manifest, type Skipped } from './manifest.js';

export type CarryIn =
  | {
      readonly kind: 'ok';
      readonly manifest: Manifest;
      readonly entries: readonly Entry[];
      readonly bytes: number;
    }
  | { readonly kind: 'too-large'; readonly bytes: number; readonly hint: string };

export interface CarryInOptions {
  readonly patterns: readonly string[] | null;
  readonly limitBytes: number;
  readonly exclude?: readonly string[];
}

const maxCarriedEntries = 200_000;

/** What of the working folder travels with the job. `manifest` is to be kept until the job's files come home. */
export async function planCarryIn(cwd: string, options: CarryInOptions): Promise<CarryIn> {
  const listing = await listTree(cwd, {
    include: options.patterns,
    limitBytes: options.limitBytes,
    limitEntries: maxCarriedEntries,
    ...(options.exclude ? { exclude: options.exclude } : {}),
  });
  if (listing.kind === 'ok') {
    const { manifest } = listing;
    return { kind: 'ok', manifest, entries: manifest.entries, bytes: manifest.bytes };
  }
  const isCount = listing.atLeastEntries > maxCarriedEntries;
  const hint = isCount
    ? `the folder holds more than ${maxCarriedEntries} files: say with --in which of them the job needs`
    : 'raise --carry-limit, or say with --in which files the job needs';
  return { kind: 'too-large', bytes: listing.atLeastBytes, hint };
}

export interface Homecoming {
  /** New or changed at the node, with the folders they lie in; a folder before what is in it. */
  readonly bring: readonly Entry[];
  /** Carried, and gone (or something else) at the node; a folder after what was in it. */
  readonly deletes: readonly string[];
  readonly bytes: number;
  /** What the node could not list, and what does not come home. */
  readonly skipped: readonly Skipped[];
}

/** What comes home: `carried` is what home sent, `now` what the node has. */
export function planBringHome(options: {
  readonly carried: Manifest;
  readonly now: Manifest;
  readonly out: readonly string[] | null;
}): Homecoming {
  const { carried } = options;
  const wanted = compilePatterns(options.out);
  const before = new Map(carried.entries.map((entry) => [entry.path, entry]));
  const now = withoutNewFifos(options.now, before);
  const changed = now.entries.filter((entry) => wanted.includes(entry.path) && isNews(entry, before));
  const bring = withFolders(changed, now);
  // what home itself had left behind is none of the job's
  const { deletes } = deltaEntries(now, { ...carried, skipped: [] });
  return {
    bring,
    deletes: deletes.filter((path) => wanted.includes(path)),
    bytes: bring.reduce((sum, entry) => sum + bytesOf(entry), 0),
    skipped: now.skipped.filter(({ path }) => wanted.includes(path)),
  };
}

function isNews(entry: Entry, before: ReadonlyMap<string, Entry>): boolean {
  const was = before.get(entry.path);
  if (was === undefined) return true;
  return entry.type === 'dir' ? was.type !== 'dir' : !isSameEntry(was, entry);
}

/** A fifo is of use only to the processes that made it. */
function withoutNewFifos(now: Manifest, before: ReadonlyMap<string, Entry>): Manifest {
  const isNew = (entry: Entry): boolean => entry.type === 'fifo' && before.get(entry.path)?.type !== 'fifo';
  const fifos = now.entries.filter(isNew).map(({ path }) => ({ path, reason: 'is a fifo' }));
  const entries = now.entries.filter((entry) => !isNew(entry));
  return { ...now, entries, skipped: [...now.skipped, ...fifos] };
}

/** In the order of the listing, so a folder comes before what is in it. */
function withFolders(changed: readonly Entry[], now: Manifest): readonly Entry[] {
  const paths = new Set(changed.map((entry) => entry.path));
  for (const path of paths) if (parentOf(path) !== '') paths.add(parentOf(path));
  return now.entries.filter((entry) => paths.has(entry.path));
}
