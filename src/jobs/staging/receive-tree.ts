import { mkdir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { diskTrouble, writeError } from '../../disk-error.js';
import { errnoOf, MoskitError, ProtocolError, RefusedError } from '../../errors.js';
import { displayPath } from './byte-path.js';
import { Inlet } from './inlet.js';
import { receiveContent } from './receive-file.js';
import { TreeWriter } from './tree-writer.js';
import { isSystemError, reasonOf } from './reason.js';
import { damaged, magic, maxHeaderBytes, parseHeader, type FileHeader, type Header } from './wire.js';

export interface ReceiveOptions {
  /** Absolute folder; made (0700) when missing, its parent must exist. */
  readonly root: string;
  readonly input: Readable;
  readonly limitBytes: number;
  readonly limitEntries: number;
  /** Gives up when it fires; without it a peer that falls silent is waited for as long as the stream lives. */
  readonly signal?: AbortSignal;
}

export interface ReceiveResult {
  readonly files: number;
  /** Bytes of file content received. */
  readonly bytes: number;
  readonly deleted: number;
  /** Files that the sender says were written to while it read them. Their time is 0, so the next delta sends them again. */
  readonly unstable: readonly string[];
}

const maxAllPathBytes = 64 * 1024 * 1024;
/** Holes cost no disk, but a file of absurd size hurts whoever copies it. */
const maxFileSize = 16 * 1024 ** 4;

/** Reads exactly one tree from `input`; what follows it stays in the stream. Rejects unless the tree came complete. */
export async function receiveTree(options: ReceiveOptions): Promise<ReceiveResult> {
  const inlet = new Inlet(options.input, options.signal);
  try {
    const greeting = await inlet.exactly(magic.length);
    if (greeting.toString('latin1') !== magic)
      throw new ProtocolError('the other side did not send a tree, or one of another version');
    await mkdir(options.root, { mode: 0o700 }).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    const writer = await TreeWriter.open(options.root);
    try {
      return await new Receiver(inlet, writer, options).run();
    } finally {
      await writer.close();
    }
  } catch (error) {
    throw explained(error, options.root);
  } finally {
    inlet.release();
  }
}

class Receiver {
  readonly #inlet: Inlet;
  readonly #writer: TreeWriter;
  readonly #options: ReceiveOptions;
  /** Paths that came; `false` where one was only removed, so that it may still come. */
  readonly #came = new Map<string, boolean>();
  readonly #unstable: string[] = [];
  #records = 0;
  #pathBytes = 0;
  #files = 0;
  #bytes = 0;
  #deleted = 0;

  constructor(inlet: Inlet, writer: TreeWriter, options: ReceiveOptions) {
    this.#inlet = inlet;
    this.#writer = writer;
    this.#options = options;
  }

  async run(): Promise<ReceiveResult> {
    for (;;) {
      const { crc } = this.#inlet;
      const header = parseHeader(await this.#inlet.line(maxHeaderBytes));
      if (header.type === 'abort')
        throw new MoskitError(`the other side could not send its files: ${displayPath(header.reason)}`);
      if (header.type === 'end') return await this.#finish(header, crc);
      this.#admit(header);
      await this.#take(header).catch((error: unknown) => {
        throw namingPath(error, header.path);
      });
    }
  }

  #admit({ type, path }: Extract<Header, { path: string }>): void {
    this.#records++;
    if (this.#records > this.#options.limitEntries)
      throw new RefusedError(
        `more than the allowed ${this.#options.limitEntries} files and folders were sent`,
      );
    this.#pathBytes += path.length;
    if (this.#pathBytes > maxAllPathBytes) throw new RefusedError('the names sent take more than 64 MiB');
    const came = this.#came.get(path);
    if (came === true || (came === false && type === 'delete'))
      throw damaged(`'${displayPath(path)}' comes twice`);
    this.#came.set(path, type !== 'delete');
  }

  async #take(header: Extract<Header, { path: string }>): Promise<void> {
    switch (header.type) {
      case 'file':
        return this.#takeFile(header);
      case 'dir':
        return this.#writer.makeDir(header);
      case 'fifo':
        return this.#writer.makeFifo(header);
      case 'symlink':
        return this.#writer.makeLink(header);
      case 'delete':
        if (await this.#writer.remove(header.path)) this.#deleted++;
    }
  }

  async #takeFile(header: FileHeader): Promise<void> {
    if (header.size > maxFileSize) throw new RefusedError(`'${displayPath(header.path)}' is too large`);
    const left = this.#options.limitBytes - this.#bytes;
    const inlet = this.#inlet;
    const got = await this.#writer.writeFile(header, (handle) => receiveContent(inlet, handle, header, left));
    this.#files++;
    this.#bytes += got.bytes;
    if (!got.isStable) this.#unstable.push(header.path);
  }

  async #finish(end: Extract<Header, { type: 'end' }>, crc: number): Promise<ReceiveResult> {
    if (end.entries !== this.#records || end.bytes !== this.#bytes || end.crc32 !== crc)
      throw damaged('its check sum or its counts are wrong');
    await this.#writer.finish();
    return { files: this.#files, bytes: this.#bytes, deleted: this.#deleted, unstable: this.#unstable };
  }
}

function namingPath(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  return new MoskitError(`cannot store '${displayPath(path)}': ${reasonOf(error)}`, { cause: error });
}

function explained(error: unknown, root: string): unknown {
  if (diskTrouble(error) === null) return error;
  const then = "or put the jobs' folder on a larger disk; then it can be tried again";
  return writeError(`cannot store files in ${root}`, root, error, then);
}
