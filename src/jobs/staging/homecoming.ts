import type { JobId } from '../../core/ids.js';
import { errnoOf } from '../../errors.js';
import { displayPath, parentOf } from './byte-path.js';
import type { Homecoming } from './carry.js';
import { HomeFolder, isUntouched, newDirMode, unlisted, type AtHome } from './home-folder.js';
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
  const folder = await HomeFolder.open(options.home, options.staging, options.job);
  try {
    return await new Homecomer(folder, options).run();
  } finally {
    await folder.close();
  }
}

class Homecomer {
  readonly #folder: HomeFolder;
  readonly #plan: Homecoming;
  readonly #carried: ReadonlyMap<string, Entry>;
  readonly #removed: ReadonlySet<string>;
  readonly #comes: ReadonlyMap<string, Entry>;
  /** Folders that could not be made under their own name, and the name they got instead. */
  readonly #elsewhere = new Map<string, string>();
  readonly #newDirs: { readonly path: string; readonly mode: number }[] = [];
  readonly #brought: string[] = [];
  readonly #conflicts: { path: string; storedAs: string | null }[] = [];
  readonly #deleted: string[] = [];
  readonly #failed: { path: string; reason: string }[] = [];

  constructor(folder: HomeFolder, options: HomecomingOptions) {
    this.#folder = folder;
    this.#plan = options.plan;
    this.#carried = new Map(options.carried.entries.map((entry) => [entry.path, entry]));
    this.#removed = new Set(options.plan.deletes);
    this.#comes = new Map(options.plan.bring.map((entry) => [entry.path, entry]));
  }

  async run(): Promise<HomecomingResult> {
    for (const path of this.#plan.deletes) await this.#try(path, () => this.#delete(path));
    for (const entry of this.#plan.bring)
      await this.#try(entry.path, () => (entry.type === 'dir' ? this.#bringDir(entry) : this.#bring(entry)));
    for (const { path, mode } of this.#newDirs.reverse())
      await this.#try(path, () => this.#folder.setMode(path, mode));
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
    const comes = this.#comes.get(path);
    const found = await this.#folder.look(path);
    if (found === null) this.#deleted.push(path);
    else if (found !== unlisted && was && isUntouched(was, found)) {
      // a folder stays, silently, where home has something else in it
      if (await this.#folder.remove(path, found)) this.#deleted.push(path);
    } else if (comes && (await this.#folder.isSame(comes, path, found))) this.#deleted.push(path);
    else if (!comes) this.#conflicts.push({ path, storedAs: null });
  }

  async #bringDir(entry: Entry): Promise<void> {
    const path = this.#placeOf(entry.path);
    const found = await this.#folder.look(path);
    if (found === null) await this.#makeDir(path, entry);
    else if (found !== unlisted && found.type === 'dir') this.#meetDir(path, entry, found);
    else {
      const beside = await this.#folder.beside(entry, path);
      this.#elsewhere.set(entry.path, beside.path);
      if (beside.isDone) this.#noteDir(beside.path, entry);
      else await this.#makeDir(beside.path, entry);
      this.#conflicts.push({ path: entry.path, storedAs: beside.path });
    }
  }

  /** Another job's homecoming, or home, may have made it this very moment. */
  async #makeDir(path: string, entry: Entry): Promise<void> {
    try {
      await this.#folder.makeDir(path);
    } catch (error) {
      const found = errnoOf(error) === 'EEXIST' ? await this.#folder.look(path) : null;
      if (found === null || found === unlisted || found.type !== 'dir') throw error;
    }
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
    const found = await this.#folder.look(path);
    if (path === entry.path ? this.#mayReplace(path, found) : found === null) {
      await this.#folder.install(entry, path);
      this.#brought.push(path);
    } else if (await this.#folder.isSame(entry, path, found)) {
      this.#brought.push(path); // by an attempt before this one, or home wrote the same
    } else {
      const beside = await this.#folder.beside(entry, path);
      if (!beside.isDone) await this.#folder.install(entry, beside.path);
      this.#conflicts.push({ path: entry.path, storedAs: beside.path });
    }
  }

  /** Nothing there, and nothing there before; or what is there is what was carried. */
  #mayReplace(path: string, found: AtHome): boolean {
    const was = this.#carried.get(path);
    if (found === null) return was === undefined || this.#removed.has(path);
    return found !== unlisted && was !== undefined && found.type !== 'dir' && isUntouched(was, found);
  }

  /** Below a folder that got another name, everything goes with it. */
  #placeOf(path: string): string {
    for (let dir = parentOf(path); dir !== ''; dir = parentOf(dir)) {
      const instead = this.#elsewhere.get(dir);
      if (instead !== undefined) return instead + path.slice(dir.length);
    }
    return path;
  }
}
