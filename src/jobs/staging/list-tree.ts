import { opendir } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { errnoOf } from '../../errors.js';
import { Anchor } from './anchor.js';
import { joinPath, parentOf, pathOfBytes, pathOfText } from './byte-path.js';
import { compilePatterns, type Selection } from './glob.js';
import { isProbeName } from './hidden-names.js';
import { look, unreadable, type Found } from './look.js';
import { bytesOf, type Entry, type Manifest, type Skipped } from './manifest.js';

export interface ListOptions {
  /** Only what these patterns say (see glob.ts); null or absent: everything. */
  readonly include?: readonly string[] | null;
  /** Absolute paths that are left out with all below, for example the jobs' own folders. */
  readonly exclude?: readonly string[];
  readonly limitBytes?: number;
  readonly limitEntries?: number;
  readonly signal?: AbortSignal;
}

export type Listing =
  | { readonly kind: 'ok'; readonly manifest: Manifest }
  | { readonly kind: 'too-large'; readonly atLeastBytes: number; readonly atLeastEntries: number };

const defaultLimitEntries = 1_000_000;
const statsAtOnce = 32;

/** Lists what is below `root`, never following a link, and stops as soon as a limit is passed. */
export async function listTree(root: string, options: ListOptions = {}): Promise<Listing> {
  const anchor = await Anchor.open(root);
  try {
    return await new Lister(anchor, options).run();
  } finally {
    await anchor.close();
  }
}

class Lister {
  readonly #anchor: Anchor;
  readonly #selection: Selection;
  readonly #excluded: ReadonlySet<string>;
  readonly #limitBytes: number;
  readonly #limitEntries: number;
  readonly #signal: AbortSignal | undefined;
  readonly #entries: Entry[] = [];
  readonly #skipped: Skipped[] = [];
  /** Folders that are listed once something in them is. */
  readonly #held = new Map<string, Entry>();
  #bytes = 0;
  #atLeastEntries = 0;

  constructor(anchor: Anchor, options: ListOptions) {
    this.#anchor = anchor;
    this.#selection = compilePatterns(options.include);
    this.#excluded = excludedPaths(anchor.root, options.exclude ?? []);
    this.#limitBytes = options.limitBytes ?? Infinity;
    this.#limitEntries = options.limitEntries ?? defaultLimitEntries;
    this.#signal = options.signal;
  }

  async run(): Promise<Listing> {
    const listedAtNs = String(BigInt(Date.now()) * 1_000_000n);
    const waiting = [''];
    for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
      const below = await this.#listDir(dir);
      if (below === null || this.#isTooLarge()) return this.#tooLarge();
      for (const each of below.reverse()) waiting.push(each);
    }
    const manifest: Manifest = {
      format: 1,
      listedAtNs,
      entries: this.#entries,
      skipped: this.#skipped,
      bytes: this.#bytes,
    };
    return { kind: 'ok', manifest };
  }

  /** `waiting`: names that are meant but were not looked at yet. */
  #isTooLarge(waiting = 0): boolean {
    this.#atLeastEntries = Math.max(this.#atLeastEntries, this.#entries.length + waiting);
    return this.#bytes > this.#limitBytes || this.#atLeastEntries > this.#limitEntries;
  }

  #tooLarge(): Listing {
    return { kind: 'too-large', atLeastBytes: this.#bytes, atLeastEntries: this.#atLeastEntries };
  }

  /** The folders below that have to be listed too; null when there are too many entries. */
  async #listDir(dir: string): Promise<string[] | null> {
    const names = await this.#namesIn(dir);
    if (names === null) return null;
    const below: string[] = [];
    for (let start = 0; start < names.length; start += statsAtOnce) {
      this.#signal?.throwIfAborted();
      const paths = names.slice(start, start + statsAtOnce).map((name) => joinPath(dir, name));
      const { base } = await this.#anchor.dir(dir);
      const found = await Promise.all(paths.map((path) => look(base, path)));
      for (const each of found) if (each) this.#take(each, below);
      if (this.#isTooLarge()) return null;
    }
    return below;
  }

  #take(found: Found, below: string[]): void {
    const { path } = found;
    const included = this.#selection.includes(path);
    if (found.kind === 'skipped') {
      if (included) this.#skipped.push({ path, reason: found.reason });
    } else if (found.entry.type === 'dir') {
      if (!included && !this.#selection.mayContain(path)) return;
      this.#held.set(path, found.entry);
      if (included) this.#emit(found.entry);
      below.push(path);
    } else if (included) this.#emit(found.entry);
  }

  #emit(entry: Entry): void {
    this.#emitFolders(parentOf(entry.path));
    this.#held.delete(entry.path);
    this.#entries.push(entry);
    this.#bytes += bytesOf(entry);
  }

  #emitFolders(dir: string): void {
    const held = this.#held.get(dir);
    if (held) this.#emit(held);
  }

  async #namesIn(dir: string): Promise<string[] | null> {
    const names: string[] = [];
    let meant = 0;
    try {
      const { base } = await this.#anchor.dir(dir);
      for await (const name of namesOf(base)) {
        if (this.#excluded.has(joinPath(dir, name)) || isProbeName(name)) continue;
        names.push(name);
        if (this.#selection.includes(joinPath(dir, name))) meant++;
        if (this.#isTooLarge(meant)) return null; // before a huge folder is read to its end
      }
    } catch (error) {
      if (dir === '') throw error;
      if (errnoOf(error) !== 'ENOENT') this.#skipped.push({ path: dir, reason: unreadable(error) });
      return [];
    }
    return names.sort(); // byte order, as one character is one byte
  }
}

function excludedPaths(root: string, absolute: readonly string[]): ReadonlySet<string> {
  const below = absolute.map((path) => relative(root, path)).filter((path) => path !== '' && !leadsOut(path));
  return new Set(below.map(pathOfText));
}

function leadsOut(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`);
}

async function* namesOf(dir: Buffer): AsyncGenerator<string> {
  // the types do not know that 'buffer' is an encoding here, as it is for readdir
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 256 };
  for await (const { name } of await opendir(dir, options)) yield pathOfBytes(name as unknown as Buffer);
}
