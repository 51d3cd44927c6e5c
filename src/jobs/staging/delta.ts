import { pathOfText } from './byte-path.js';
import { isFresh, isSameTime } from './file-times.js';
import { bytesOf, type Entry, type Manifest } from './manifest.js';

export interface DeltaOptions {
  /** The source's listing that the pass before was made from: change times tell what the others can't. */
  readonly sentBefore?: Manifest;
  /** Paths that are sent whatever they look like: files mapped writable, whose times do not follow every store. */
  readonly always?: ReadonlySet<string>;
  /** Paths that only ever grow; where the target has a part, `sparseBefore` says how much. */
  readonly appendOnly?: ReadonlySet<string>;
}

export interface Delta {
  readonly entries: readonly Entry[];
  readonly deletes: readonly string[];
  readonly sparseBefore: ReadonlyMap<string, number>;
  /** Bytes of file content that will travel. */
  readonly bytes: number;
}

/**
 * What must be sent and removed so that the target equals the source. A file counts as the same when type, mode, size
 * and time agree; one that was written less than two seconds before the source was listed never does, because a file
 * written twice within one tick of the clock does not show it.
 */
export function deltaEntries(source: Manifest, target: Manifest, options: DeltaOptions = {}): Delta {
  const there = byPath(target);
  const before = options.sentBefore ? byPath(options.sentBefore) : null;
  const isDue = (entry: Entry): boolean => {
    const copy = there.get(entry.path);
    if (!copy || options.always?.has(entry.path) || !isSameEntry(entry, copy)) return true;
    if (entry.type !== 'file') return false;
    const past = before?.get(entry.path);
    if (past && past.ctimeNs !== entry.ctimeNs) return true;
    return isFresh(entry.mtimeNs, source.listedAtNs) || isFresh(entry.ctimeNs, source.listedAtNs);
  };
  const entries = source.entries.filter(isDue);
  const sparseBefore = new Map<string, number>();
  for (const entry of entries) {
    const has = options.appendOnly?.has(entry.path) ? partOf(entry, there.get(entry.path)) : 0;
    if (has > 0) sparseBefore.set(entry.path, has);
  }
  return {
    entries,
    deletes: deletesFor(source, target),
    sparseBefore,
    bytes: bytesFor(entries, sparseBefore),
  };
}

/** `linkTarget`, not the time, is what a link is; a fifo is its mode. */
export function isSameEntry(one: Entry, other: Entry): boolean {
  if (one.type !== other.type) return false;
  if (one.type === 'symlink') return one.linkTarget === other.linkTarget;
  if (one.mode !== other.mode) return false;
  if (one.type === 'fifo') return true;
  return one.size === other.size && isSameTime(one.mtimeNs, other.mtimeNs);
}

function byPath(manifest: Manifest): ReadonlyMap<string, Entry> {
  return new Map(manifest.entries.map((entry) => [entry.path, entry]));
}

function partOf(entry: Entry, copy: Entry | undefined): number {
  return entry.type === 'file' && copy?.type === 'file' && copy.size <= entry.size ? copy.size : 0;
}

/** What the source lacks, or has as something else, with everything below it; the deepest first. */
function deletesFor(source: Manifest, target: Manifest): readonly string[] {
  const wanted = new Map(source.entries.map((entry) => [entry.path, entry.type]));
  // a socket or an unreadable file at the source is unknown, not gone
  const unknown = new Set(source.skipped.map(({ path }) => path));
  const isKept = (path: string): boolean => !isAtOrBelow(path, unknown);
  const gone = target.entries.filter(({ path, type }) => wanted.get(path) !== type && isKept(path));
  const extra = target.skipped.filter(({ path }) => !wanted.has(path) && isKept(path));
  const paths = new Set([...gone, ...extra].map(({ path }) => path));
  return [...paths].sort().reverse();
}

/** Is this path, or a folder above it, among those? */
export function isAtOrBelow(path: string, tops: ReadonlySet<string>): boolean {
  if (tops.size === 0) return false;
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
    if (tops.has(path.slice(0, end))) return true;
  return false;
}

function bytesFor(entries: readonly Entry[], sparseBefore: ReadonlyMap<string, number>): number {
  return entries.reduce((sum, entry) => {
    const skipped = sparseBefore.get(entry.path) ?? 0;
    return sum + Math.min(bytesOf(entry), entry.size - skipped);
  }, 0);
}

/**
 * Which files below `root` a process has mapped so that its stores go into the file, from its /proc/PID/maps
 * (read as latin1). Such stores move a file's time only now and then, so these belong into `always` for the pass after the freeze.
 */
export function mappedForWriting(maps: string, root: string): ReadonlySet<string> {
  const paths = new Set<string>();
  const top = `${pathOfText(root)}/`;
  for (const line of maps.split('\n')) {
    const match = /^\S+ .w.s \S+ \S+ [1-9]\d*\s+(\/.*)$/.exec(line);
    const path = match?.[1]?.replaceAll('\\012', '\n');
    if (path?.startsWith(top)) paths.add(path.slice(top.length));
  }
  return paths;
}
