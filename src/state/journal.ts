import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeError } from '../disk-error.js';
import { MoskitError } from '../errors.js';
import { syncFolder } from './atomic-file.js';
import { formatLine, readLines } from './journal-lines.js';
import { readLimited } from './read-limited.js';
import { keepAside } from './set-aside.js';

/** From some line on a journal could not be read. */
export interface JournalDamage {
  /** First line that is damaged, from 1. */
  readonly line: number;
  readonly reason: string;
  /** An append that broke off: it was cut off, and what is left is everything that was ever said to be appended. */
  readonly torn: boolean;
  /** Where the damaged part is. The journal itself, as it was, when entries are missing that were once in it. */
  readonly keptAs: string;
}

export interface Journal<T> {
  /** All entries in their order, those appended since included. */
  readonly entries: readonly T[];
  readonly damage: JournalDamage | null;
  /**
   * The entry is on the disk when this resolves. After a failure nothing of it is in the file. A journal that is
   * damaged, and not just torn, takes no more: nobody knows what it should go on from.
   */
  append(entry: T): Promise<void>;
  /**
   * The file holds `entries` and nothing else when this resolves. It rejects while a failed append may have left its
   * entry there: nobody may act against that entry until then.
   */
  settle(): Promise<void>;
}

export interface JournalOptions {
  readonly limitBytes?: number;
  readonly nowMs?: number;
}

const defaultLimitBytes = 64 * 1024 * 1024;

/**
 * Opens an append-only file of entries (journal-lines), empty where there is none. `parse` throws on what is no entry.
 * A torn end is cut off and kept aside; a damaged file is left as it is; `damage` tells.
 */
export async function openJournal<T>(
  path: string,
  parse: (value: unknown) => T,
  options: JournalOptions = {},
): Promise<Journal<T>> {
  const { limitBytes = defaultLimitBytes, nowMs = Date.now() } = options;
  const read = await readLimited(path, limitBytes);
  if (read.kind === 'too-large') {
    const reason = `${read.bytes} bytes are too many for a journal; the limit is ${limitBytes}`;
    return new JournalFile<T>(path, [], 0, { line: 1, reason, torn: false, keptAs: path });
  }
  if (read.kind === 'missing') return new JournalFile<T>(path, [], 0, null);
  const parsed: T[] = [];
  const { goodBytes, bad } = readLines(read.bytes, (entry) => parsed.push(parse(entry)));
  if (!bad) return new JournalFile(path, parsed, goodBytes, null);
  if (!bad.torn) return new JournalFile(path, parsed, goodBytes, { ...bad, keptAs: path });
  // The cut comes after the copy: until then the file still holds everything.
  const keptAs = await keepAside(path, read.bytes.subarray(goodBytes), nowMs);
  await cut(path, goodBytes);
  return new JournalFile(path, parsed, goodBytes, { ...bad, keptAs });
}

async function cut(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(bytes);
    await file.sync();
  } catch (error) {
    throw writeError(`cannot cut the torn end off ${path}`, path, error);
  } finally {
    await file.close();
  }
}

class JournalFile<T> implements Journal<T> {
  readonly damage: JournalDamage | null;
  readonly #path: string;
  readonly #entries: T[];
  #size: number;
  #last: Promise<void> = Promise.resolve();
  /** Why no more may be appended. */
  #broken: MoskitError | null = null;
  /** A failed append could not be taken back: the file may have an entry more. */
  #isUnsure = false;

  constructor(path: string, entries: T[], size: number, damage: JournalDamage | null) {
    this.#path = path;
    this.#entries = entries;
    this.#size = size;
    this.damage = damage;
    if (damage?.torn === false) {
      this.#broken = new MoskitError(
        `the journal ${path} is damaged in line ${damage.line}: ${damage.reason}`,
      );
    }
  }

  get entries(): readonly T[] {
    return this.#entries;
  }

  append(entry: T): Promise<void> {
    const appended = this.#last.then(() => this.#append(entry));
    this.#last = appended.catch(() => undefined);
    return appended;
  }

  settle(): Promise<void> {
    const settled = this.#last.then(() => this.#settle());
    this.#last = settled.catch(() => undefined);
    return settled;
  }

  async #settle(): Promise<void> {
    if (this.#broken) throw this.#broken;
    if (!this.#isUnsure) return;
    try {
      const file = await open(this.#path, constants.O_RDWR);
      try {
        await this.#undo(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw writeError(`the end of the journal ${this.#path} can't be made sure of`, this.#path, error);
    }
    this.#isUnsure = false;
  }

  async #append(entry: T): Promise<void> {
    await this.#settle();
    const line = Buffer.from(formatLine(entry));
    try {
      const file = await open(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      try {
        await this.#write(file, line);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw writeError(`cannot append to the journal ${this.#path}`, this.#path, error);
    }
    this.#size += line.length;
    this.#entries.push(entry);
  }

  async #write(file: FileHandle, line: Buffer): Promise<void> {
    try {
      await writeAll(file, line, this.#size);
      await file.datasync();
      if (this.#size === 0) await syncFolder(dirname(this.#path));
    } catch (error) {
      this.#isUnsure = true;
      await this.#undo(file).then(
        () => (this.#isUnsure = false),
        () => undefined, // before the next step
      );
      throw error;
    }
  }

  /** Half a line must not stay: what is appended later would be lost behind it. */
  async #undo(file: FileHandle): Promise<void> {
    await file.truncate(this.#size);
    await file.datasync();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}
