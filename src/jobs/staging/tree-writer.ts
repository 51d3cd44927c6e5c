import { constants } from 'node:fs';
import {
  chmod,
  lstat,
  lutimes,
  mkdir,
  open,
  rename,
  rmdir,
  symlink,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { errnoOf, RefusedError } from '../../errors.js';
import { Anchor } from './anchor.js';
import { bytesOfPath, displayPath, nameOf, parentOf } from './byte-path.js';
import { secondsOf } from './file-times.js';
import { newPartName } from './hidden-names.js';
import { makeFifoIn } from './make-fifo.js';
import type { Received } from './receive-file.js';
import type { FileHeader } from './wire.js';

interface DirTimes {
  readonly mode: number;
  readonly mtimeNs: string;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const mayUse = 0o700;
const newFileMode = 0o600;

/**
 * Puts entries below a root without trusting their paths or what lies there already: no link is followed, a file
 * appears under its name only when it is complete, and folders get their modes and times last, so that a tree that
 * was given up half-way can be removed.
 */
export class TreeWriter {
  readonly #anchor: Anchor;
  /** What folders are to look like in the end: as their record says, or as they were before something was put in. */
  readonly #dirs: Map<string, DirTimes>;

  private constructor(anchor: Anchor, dirs: Map<string, DirTimes>) {
    this.#anchor = anchor;
    this.#dirs = dirs;
  }

  static async open(root: string): Promise<TreeWriter> {
    const dirs = new Map<string, DirTimes>();
    const unlock = async (at: Buffer, dir: string): Promise<void> => {
      const stats = await lstat(at, { bigint: true });
      if (!stats.isDirectory()) return;
      const mode = Number(stats.mode) & 0o777;
      if (!dirs.has(dir)) dirs.set(dir, { mode, mtimeNs: String(stats.mtimeNs) });
      await chmod(at, mode | mayUse);
    };
    return new TreeWriter(await Anchor.open(root, unlock), dirs);
  }

  close(): Promise<void> {
    return this.#anchor.close();
  }

  async makeDir(header: { readonly path: string } & DirTimes): Promise<void> {
    const at = await this.#place(header.path);
    await mkdir(at, mayUse).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    const { handle } = await this.#anchor.dir(header.path); // refuses a link or a file that was there
    await handle.chmod(mayUse);
    this.#dirs.set(header.path, { mode: header.mode, mtimeNs: header.mtimeNs });
  }

  async makeLink(header: { path: string; mtimeNs: string; linkTarget: string }): Promise<void> {
    const part = await this.#place(header.path, newPartName());
    await symlink(bytesOfPath(header.linkTarget), part);
    await this.#install(part, header.path, async () => lutimes(part, new Date(), secondsOf(header.mtimeNs)));
  }

  async makeFifo(header: { readonly path: string } & DirTimes): Promise<void> {
    const name = newPartName();
    const part = await this.#place(header.path, name);
    await makeFifoIn(await this.#anchor.dir(parentOf(header.path)), name);
    await this.#install(part, header.path, async () => {
      await chmod(part, header.mode);
      await lutimes(part, new Date(), secondsOf(header.mtimeNs));
    });
  }

  async writeFile(header: FileHeader, fill: (handle: FileHandle) => Promise<Received>): Promise<Received> {
    if (header.offset > 0) return this.#appendTo(header, fill);
    const part = await this.#place(header.path, newPartName());
    const handle = await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, newFileMode);
    let got: Received | undefined;
    await this.#install(part, header.path, async () => {
      try {
        got = await fill(handle);
        await finishFile(handle, header, got);
      } finally {
        await handle.close();
      }
    });
    return got!;
  }

  /** True when there was something. */
  async remove(path: string): Promise<boolean> {
    try {
      const at = await this.#place(path);
      const stats = await lstat(at);
      if (!stats.isDirectory()) await unlink(at);
      else {
        await this.#anchor.release();
        await rmdir(await this.#anchor.at(path));
        this.#dirs.delete(path);
      }
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Folders get their modes and times, the deepest first. */
  async finish(): Promise<void> {
    const paths = [...this.#dirs.keys()].sort().reverse();
    for (const path of paths) {
      const { mode, mtimeNs } = this.#dirs.get(path)!;
      const { handle } = await this.#anchor.dir(path);
      await handle.chmod(mode);
      await handle.utimes(new Date(), secondsOf(mtimeNs));
    }
  }

  /** The first bytes are here, or are not wanted: the rest goes into the file in place. */
  async #appendTo(header: FileHeader, fill: (handle: FileHandle) => Promise<Received>): Promise<Received> {
    const at = await this.#place(header.path);
    const handle = await open(at, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, newFileMode);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.nlink !== 1)
        throw new RefusedError(
          `'${displayPath(header.path)}' is not a file of its own and cannot be continued`,
        );
      const got = await fill(handle);
      await finishFile(handle, header, got);
      return got;
    } finally {
      await handle.close();
    }
  }

  /** Where the entry (or another name beside it) goes. Its folder is noted and made usable. */
  async #place(path: string, name = nameOf(path)): Promise<Buffer> {
    const dir = await this.#anchor.dir(parentOf(path));
    if (dir.path !== '' && !this.#dirs.has(dir.path)) {
      const stats = await dir.handle.stat({ bigint: true });
      const mode = Number(stats.mode) & 0o777;
      this.#dirs.set(dir.path, { mode, mtimeNs: String(stats.mtimeNs) });
      if ((mode & mayUse) !== mayUse) await dir.handle.chmod(mode | mayUse);
    }
    return Buffer.concat([dir.base, bytesOfPath(name)]);
  }

  /** Completes a part and gives it its name; whatever goes wrong, no part stays behind. */
  async #install(part: Buffer, path: string, complete: () => Promise<void>): Promise<void> {
    try {
      await complete();
      await rename(part, await this.#place(path));
    } catch (error) {
      await unlink(part).catch(() => undefined);
      throw error;
    }
  }
}

async function finishFile(handle: FileHandle, header: FileHeader, got: Received): Promise<void> {
  if (header.mode !== newFileMode || header.offset > 0) await handle.chmod(header.mode);
  await handle.utimes(new Date(), secondsOf(got.isStable ? header.mtimeNs : '0'));
}
