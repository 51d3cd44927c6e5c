import { constants } from 'node:fs';
import { lstat, open, stat, type FileHandle } from 'node:fs/promises';
import { errnoOf, MoskitError } from '../../errors.js';
import { bytesOfPath, displayPath, nameOf, parentOf } from './byte-path.js';

const dirFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface OpenDir {
  readonly path: string;
  readonly handle: FileHandle;
  /** Put a name behind it and hand it to a file system call. */
  readonly base: Buffer;
}

/**
 * A folder that paths are resolved below without ever following a link, even when somebody swaps a folder for a link
 * meanwhile: each component is opened with O_NOFOLLOW from the one before, through /proc/self/fd, which is `openat`
 * for programs that have no `openat`. One folder is held open at a time, so calls must not overlap.
 */
export class Anchor {
  readonly root: string;
  readonly #root: OpenDir;
  readonly #unlock: ((at: Buffer, dir: string) => Promise<void>) | undefined;
  #current: OpenDir | null = null;

  private constructor(root: string, top: OpenDir, unlock?: (at: Buffer, dir: string) => Promise<void>) {
    this.root = root;
    this.#root = top;
    this.#unlock = unlock;
  }

  /** `unlock` is called before a second try where a folder may not be entered. */
  static async open(root: string, unlock?: (at: Buffer, dir: string) => Promise<void>): Promise<Anchor> {
    // the root itself may be reached through links: it is named by our own side
    const handle = await open(root, constants.O_RDONLY | constants.O_DIRECTORY);
    return new Anchor(root, await openDir('', handle, Buffer.from(`${root}/`)), unlock);
  }

  /** Path for file system calls on the entry itself; every folder above it is a real folder below the root. */
  async at(path: string): Promise<Buffer> {
    const dir = await this.dir(parentOf(path));
    return Buffer.concat([dir.base, bytesOfPath(nameOf(path))]);
  }

  /** Opens a folder; valid until the next call. '' is the root. */
  async dir(path: string): Promise<OpenDir> {
    if (path === '') return this.#root;
    if (this.#current?.path === path) return this.#current;
    const held = this.#current;
    const start = held && path.startsWith(`${held.path}/`) ? held : this.#root;
    const names = (start === this.#root ? path : path.slice(start.path.length + 1)).split('/');
    let dir = start;
    try {
      for (const name of names) {
        const next = await this.#enter(dir, name);
        if (dir !== this.#root && dir !== held) await dir.handle.close();
        dir = next;
      }
    } catch (error) {
      if (dir !== this.#root && dir !== held) await dir.handle.close();
      throw error;
    }
    this.#current = dir;
    await held?.handle.close();
    return dir;
  }

  /** Lets go of a folder that is about to be removed. */
  async release(): Promise<void> {
    const held = this.#current;
    this.#current = null;
    await held?.handle.close();
  }

  async close(): Promise<void> {
    await this.release();
    await this.#root.handle.close();
  }

  async #enter(dir: OpenDir, name: string): Promise<OpenDir> {
    const path = dir.path === '' ? name : `${dir.path}/${name}`;
    const at = Buffer.concat([dir.base, bytesOfPath(name)]);
    const handle = await open(at, dirFlags).catch(async (error: unknown) => {
      if (errnoOf(error) === 'EACCES' && this.#unlock) {
        await this.#unlock(at, path);
        return open(at, dirFlags);
      }
      throw await enterError(error, at, path, this.root);
    });
    return openDir(path, handle, Buffer.concat([at, Buffer.from('/')]));
  }
}

async function openDir(path: string, handle: FileHandle, plain: Buffer): Promise<OpenDir> {
  const base = (await hasProc()) ? Buffer.from(`/proc/self/fd/${handle.fd}/`) : plain;
  return { path, handle, base };
}

let proc: Promise<boolean> | undefined;

/** Without /proc the plain path is used: each component is still checked, but no longer held. */
function hasProc(): Promise<boolean> {
  proc ??= stat('/proc/self/fd').then(
    () => true,
    () => false,
  );
  return proc;
}

async function enterError(error: unknown, at: Buffer, path: string, root: string): Promise<unknown> {
  const code = errnoOf(error);
  if (code !== 'ENOTDIR' && code !== 'ELOOP') return error;
  const isLink = await lstat(at).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  const what = isLink ? 'is a link, which is not followed' : 'is not a folder';
  return new NotAFolderError(`'${displayPath(path)}' below ${root} ${what}`, { cause: error });
}

export class NotAFolderError extends MoskitError {
  override readonly code: string = 'not-a-folder';
}
