import { chmod, mkdir, rmdir, unlink } from 'node:fs/promises';
import type { JobId } from '../../core/ids.js';
import { errnoOf } from '../../errors.js';
import { Anchor, NotAFolderError } from './anchor.js';
import { besidePath } from './beside-name.js';
import { parentOf } from './byte-path.js';
import { partNameFor } from './hidden-names.js';
import { hasSameContent, installCopy } from './install-copy.js';
import { look } from './look.js';
import type { Entry } from './manifest.js';

/** What is not listed: a socket, or what may not be read. */
export const unlisted = 'unlisted';
export type AtHome = Entry | typeof unlisted | null;

/** Folders get their own mode last, because one may be such that nothing can be put into it. */
export const newDirMode = 0o700;

/** Home's working folder, and beside it the folder with what the job sent. Neither is left through a link. */
export class HomeFolder {
  readonly #home: Anchor;
  readonly #staging: Anchor;
  readonly #job: JobId;

  private constructor(home: Anchor, staging: Anchor, job: JobId) {
    this.#home = home;
    this.#staging = staging;
    this.#job = job;
  }

  static async open(home: string, staging: string, job: JobId): Promise<HomeFolder> {
    const anchor = await Anchor.open(home);
    try {
      return new HomeFolder(anchor, await Anchor.open(staging), job);
    } catch (error) {
      await anchor.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#staging.close();
    await this.#home.close();
  }

  /** What home has there now; null also where the folder it would be in is gone. */
  async look(path: string): Promise<AtHome> {
    const dir = await this.#home.dir(parentOf(path)).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT' || error instanceof NotAFolderError) return null;
      throw error;
    });
    const found = dir === null ? null : await look(dir.base, path);
    if (found === null) return null;
    return found.kind === 'entry' ? found.entry : unlisted;
  }

  /** False for a folder that has something in it. */
  async remove(path: string, found: Entry): Promise<boolean> {
    if (found.type === 'dir') await this.#home.release();
    const at = await this.#home.at(path);
    if (found.type === 'dir') return removeEmpty(at);
    await unlink(at);
    return true;
  }

  async makeDir(path: string): Promise<void> {
    await mkdir(await this.#home.at(path), newDirMode);
  }

  async setMode(path: string, mode: number): Promise<void> {
    await chmod(await this.#home.at(path), mode);
  }

  /** Puts what the job sent as `entry` at `path`. */
  async install(entry: Entry, path: string): Promise<void> {
    const from = await this.#staging.at(entry.path);
    const { base } = await this.#home.dir(parentOf(path));
    const part = Buffer.concat([base, Buffer.from(partNameFor(this.#job, path))]);
    await installCopy(entry, from, part, await this.#home.at(path));
  }

  /** Is what home has at `path` the same as what the job sent as `entry`? */
  async isSame(entry: Entry, path: string, found: AtHome): Promise<boolean> {
    if (found === null || found === unlisted || found.type !== entry.type) return false;
    if (entry.type === 'dir') return true;
    if (entry.type === 'symlink') return found.linkTarget === entry.linkTarget;
    return hasSameContent(await this.#staging.at(entry.path), await this.#home.at(path));
  }

  /** The first name beside `path` that is free, or that this homecoming has already used for `entry`. */
  async beside(entry: Entry, path: string): Promise<{ readonly path: string; readonly isDone: boolean }> {
    for (let count = 1; ; count++) {
      const beside = besidePath(path, this.#job, count);
      const found = await this.look(beside);
      if (found === null) return { path: beside, isDone: false };
      if (await this.isSame(entry, beside, found)) return { path: beside, isDone: true };
    }
  }
}

/** Compares home's file with itself at an earlier time, so everything has to agree to the nanosecond. */
export function isUntouched(was: Entry, now: Entry): boolean {
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
