import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { writeError } from '../../disk-error.js';
import { MoskitError } from '../../errors.js';
import { writeFully } from './receive-file.js';

export { followSpool, type FollowOptions, type SpoolFollower } from './follow-spool.js';

const goesOn = 'then it goes on by itself';

export const spoolChunkBytes = 64 * 1024;

export interface SpoolWriter {
  /** Bytes the spool holds. */
  readonly size: number;
  /**
   * Takes bytes that belong at `offset`. What the spool already has is ignored, so a repeated delivery is harmless;
   * bytes beyond the end are refused, because they would leave a gap. Returns the new size.
   */
  write(offset: number, bytes: Uint8Array): Promise<number>;
  /** Resolves when everything written so far would survive a power failure. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a spool, or starts one; there must be one writer only. */
export async function openSpoolWriter(path: string): Promise<SpoolWriter> {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  const handle = await open(path, flags, 0o600).catch((error: unknown) => {
    throw writeError(`cannot open ${path}`, path, error, goesOn);
  });
  const stats = await handle.stat();
  if (stats.isFile()) return new FileSpool(path, handle, stats.size);
  await handle.close();
  throw new MoskitError(`cannot spool output to ${path}: it is not a file`);
}

class FileSpool implements SpoolWriter {
  readonly #path: string;
  readonly #handle: FileHandle;
  #size: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path;
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /** One after the other, in the order of the calls; a failed write does not spoil the next. */
  write(offset: number, bytes: Uint8Array): Promise<number> {
    const written = this.#last.then(() => this.#append(offset, bytes));
    this.#last = written.catch(() => undefined);
    return written;
  }

  async sync(): Promise<void> {
    await this.#last;
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#handle.close();
  }

  async #append(offset: number, bytes: Uint8Array): Promise<number> {
    if (offset > this.#size)
      throw new MoskitError(`output is missing between ${this.#size} and ${offset} in ${this.#path}`);
    const news = bytes.subarray(Math.min(bytes.length, this.#size - offset));
    // the position is ours, so half a write that failed is written over by the next
    await writeFully(this.#handle, news, this.#size).catch((error: unknown) => {
      throw writeError(`cannot spool to ${this.#path}`, this.#path, error, goesOn);
    });
    this.#size += news.length;
    return this.#size;
  }
}

/** What the spool holds from `from` on; does not wait for more. */
export async function* readSpool(path: string, from: number): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const end = (await handle.stat()).size;
    for (let position = from; position < end;) {
      const chunk = await readChunk(handle, position, end - position);
      if (chunk.length === 0) return;
      position += chunk.length;
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}

/** Empty at the end of the file. The buffer is the caller's to keep. */
export async function readChunk(handle: FileHandle, position: number, most = Infinity): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(spoolChunkBytes, most));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  return buffer.subarray(0, bytesRead);
}

const blockBytes = 4096;
const run = promisify(execFile);

/** Gives the space of the first `upTo` bytes back to the disk; the size stays. False where that can't be done. */
export async function punchDelivered(path: string, upTo: number): Promise<boolean> {
  const length = upTo - (upTo % blockBytes);
  if (length === 0) return true;
  try {
    await run('fallocate', ['--punch-hole', '--offset', '0', '--length', String(length), '--', path]);
    return true;
  } catch {
    return false; // no such program, or a file system without holes: the space comes back when the job is forgotten
  }
}
