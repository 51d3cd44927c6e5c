import { chmod, mkdir, rmdir, unlink } from 'node:fs/promises';
import type { JobId } from '../../core/ids.js';
import { errnoOf } from '../../errors.js';
import { Anchor, NotAFolderError } from './anchor.js';
import { besidePath } from './beside-name.js';
import { displayPath, parentOf } from './byte-path.js';
import type { Homecoming } from './carry.js';
import { partNameFor } from './hidden-names.js';
import { hasSameContent, installCopy } from './install-copy.js';
import { look } from './look.js';
import type { Entry, Manifest } from './manifest.js';
import { reasonOf } from './reason.js';

/** Paths as a person reads them. */
export interface HomecomingResult {
  readonly brought: readonly string[];
  /** Home has something newer or else there: the job's version lies beside it (null: there is none, it was removed). */
  readonly conflicts: readonly { readonly path: string; readonly storedAs: string | null }[];
  readonly deleted: readonly string[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

export interface HomecomingOptions {
  readonly home: string;
  /** What `receiveTree` made of `plan.bring`; it is left as it is, files may be linked from it. */
  readonly staging: string;
  readonly plan: Homecoming;
  readonly carried: Manifest;
  readonly job: JobId;
}

/**
 * Puts the files received in `staging` into the home folder. Never over anything that changed at home since it was
 * carried. Doing it again after a crash, with the same staging folder, gives the same result.
 */
export async function applyHomecoming(options: HomecomingOptions): Promise<HomecomingResult> {
  const home = await Anchor.open(options.home);
  try {
    const staging = await Anchor.open(options.staging);
    try {
      return await new Homecomer(home, staging, options).run();
    } finally {
      await staging.close();
    }
  } finally {
    await home.close();
  }
}

/** Something that is not listed: a socket, or what may not be read. */
const isThere = 'is there';
/** Folders get their own mode last, because one may be such that nothing can be put into it. */
const newDirMode = 0o700;

class Homecomer {
  readonly #home: Anchor;
  readonly #staging: Anchor;
  readonly #plan: Homecoming;
  readonly #carried: ReadonlyMap<string, Entry>;
  readonly #job: JobId;
  readonly #removed: ReadonlySet<string>;
  readonly #comes: ReadonlyMap<string, Entry>;
  /** Folders that could not be made under their own name, and the name they got instead. */
  readonly #elsewhere = new Map<string, string>();
  readonly #newDirs: { readonly path: string; readonly mode: number }[] = [];
  readonly #brought: string[] = [];
  readonly #conflicts: { path: string; storedAs: string | null }[] = [];
  readonly #deleted: string[] = [];
  readonly #failed: { path: string; reason: string }[] = [];

  constructor(home: Anchor, staging: Anchor, options: HomecomingOptions) {
    this.#home = home;
    this.#staging = staging;
    this.#plan = options.plan;
    this.#job = options.job;
    this.#carried = new Map(options.carried.entries.map((entry) => [entry.path, entry]));
    this.#removed = new Set(options.plan.deletes);
    this.#comes = new Map(options.plan.bring.map((entry) => [entry.path, entry]));
  }

  async run(): Promise<HomecomingResult> {
    for (const path of this.#plan.deletes) await this.#try(path, () => this.#delete(path));
    for (const entry of this.#plan.bring)
      await this.#try(entry.path, () => (entry.type === 'dir' ? this.#bringDir(entry) : this.#bring(entry)));
    for (const { path, mode } of this.#newDirs.reverse())
      await this.#try(path, async () => chmod(await this.#home.at(path), mode));
    return {
      brought: this.#brought.map(displayPath),
      conflicts: this.#conflicts.map(({ path, storedAs }) => ({
        path: displayPath(path),
        storedAs: storedAs === null ? null : displayPath(storedAs),
      })),
      deleted: this.#deleted.map(displayPath),
      failed: this.#failed.map(({ path, reason }) => ({ path: displayPath(path), reason })),
    };
  }

  async #try(path: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#failed.push({ path, reason: reasonOf(error) });
    }
  }

  async #delete(path: string): Promise<void> {
    const was = this.#carried.get(path);
    const found = await this.#atHome(path);
    const comes = this.#comes.get(path);
    if (found !== null && (found === isThere || !was || !isUntouched(was, found))) {
      const isDone = comes && found !== isThere && (await this.#isSame(comes, path, found));
      if (isDone) this.#deleted.push(path);
      else if (!comes) this.#conflicts.push({ path, storedAs: null });
      return;
    }
    if (found?.type === 'dir') {
      await this.#home.release();
      if (!(await removeEmpty(await this.#home.at(path)))) return; // home has something else in it
    } else if (found) await unlink(await this.#home.at(path));
    this.#deleted.push(path);
  }

  async #bringDir(entry: Entry): Promise<void> {
    const path = this.#placeOf(entry.path);
    const found = await this.#atHome(path);
    if (found === null) await this.#makeDir(path, entry);
    else if (found !== isThere && found.type === 'dir') this.#meetDir(path, entry, found);
    else {
      const beside = await this.#freeBeside(path, (other) => Promise.resolve(other.type === 'dir'));
      this.#elsewhere.set(entry.path, beside.path);
      if (beside.isDone) this.#noteDir(beside.path, entry);
      else await this.#makeDir(beside.path, entry);
      this.#conflicts.push({ path: entry.path, storedAs: beside.path });
    }
  }

  async #makeDir(path: string, entry: Entry): Promise<void> {
    await mkdir(await this.#home.at(path), newDirMode);
    this.#noteDir(path, entry);
  }

  #noteDir(path: string, entry: Entry): void {
    this.#newDirs.push({ path, mode: entry.mode });
    this.#brought.push(path);
  }

  /** A folder that was not carried is there already: made by home, or by an attempt before this one. */
  #meetDir(path: string, entry: Entry, found: Entry): void {
    if (this.#carried.get(entry.path)?.type === 'dir') return;
    if (found.mode === newDirMode) this.#noteDir(path, entry);
    else this.#brought.push(path);
  }

  async #bring(entry: Entry): Promise<void> {
    const path = this.#placeOf(entry.path);
    const found = await this.#atHome(path);
    if (found !== null && found !== isThere && (await this.#isSame(entry, path, found))) {
      this.#brought.push(path);
    } else if (this.#mayReplace(entry.path, found)) {
      await this.#install(entry, path);
      this.#brought.push(path);
    } else {
      const beside = await this.#freeBeside(path, (other, at) => this.#isSame(entry, at, other));
      if (!beside.isDone) await this.#install(entry, beside.path);
      this.#conflicts.push({ path: entry.path, storedAs: beside.path });
    }
  }

  /** Nothing there, and nothing there before; or what is there is what was carried. */
  #mayReplace(path: string, found: Entry | typeof isThere | null): boolean {
    const was = this.#carried.get(path);
    if (found === null) return was === undefined || this.#removed.has(path);
    return found !== isThere && was !== undefined && found.type !== 'dir' && isUntouched(was, found);
  }

  async #isSame(entry: Entry, path: string, found: Entry): Promise<boolean> {
    if (found.type !== entry.type) return false;
    if (entry.type === 'dir') return true;
    if (entry.type === 'symlink') return found.linkTarget === entry.linkTarget;
    return hasSameContent(await this.#staging.at(entry.path), await this.#home.at(path));
  }

  async #install(entry: Entry, path: string): Promise<void> {
    const from = await this.#staging.at(entry.path);
    const { base } = await this.#home.dir(parentOf(path));
    const part = Buffer.concat([base, Buffer.from(partNameFor(this.#job, path))]);
    await installCopy(entry, from, part, await this.#home.at(path));
  }

  /** The first name beside `path` that is free, or that `isOurs` says this homecoming has already used. */
  async #freeBeside(
    path: string,
    isOurs: (found: Entry, at: string) => Promise<boolean>,
  ): Promise<{ readonly path: string; readonly isDone: boolean }> {
    for (let count = 1; ; count++) {
      const beside = besidePath(path, this.#job, count);
      const found = await this.#atHome(beside);
      if (found === null) return { path: beside, isDone: false };
      if (found !== isThere && (await isOurs(found, beside))) return { path: beside, isDone: true };
    }
  }

  /** Below a folder that got another name, everything goes with it. */
  #placeOf(path: string): string {
    for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) {
      const instead = this.#elsewhere.get(dir);
      if (instead !== undefined) return instead + path.slice(dir.length);
    }
    return path;
  }

  async #atHome(path: string): Promise<Entry | typeof isThere | null> {
    const dir = await this.#home.dir(parentOf(path)).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT' || error instanceof NotAFolderError) return null;
      throw error;
    });
    const found = dir === null ? null : await look(dir.base, path);
    if (found === null) return null;
    return found.kind === 'entry' ? found.entry : isThere;
  }
}

/** Home's own file, so everything has to agree to the nanosecond. */
function isUntouched(was: Entry, now: Entry): boolean {
  if (was.type !== now.type) return false;
  if (was.type === 'symlink') return was.linkTarget === now.linkTarget;
  if (was.type !== 'file') return true;
  return was.size === now.size && was.mtimeNs === now.mtimeNs && was.ctimeNs === now.ctimeNs;
}

async function removeEmpty(at: Buffer): Promise<boolean> {
  try {
    await rmdir(at);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}
