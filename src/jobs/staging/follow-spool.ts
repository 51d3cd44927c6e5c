import { constants, watch, type FSWatcher } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf, MoskitError } from '../../errors.js';
import { readChunk } from './spool.js';

export interface FollowOptions {
  /** Ends the following, without an error, after at most the chunk that is being read. */
  readonly signal?: AbortSignal;
  /** True once nobody writes to the spool any more. */
  readonly isEnded: () => boolean | Promise<boolean>;
  /** When it settles, `isEnded` is asked at once; without it, that may take a quarter of a second. */
  readonly ended?: Promise<unknown>;
  /** Between two looks; they grow while nothing happens. */
  readonly pausesMs?: Pauses;
}

export interface Pauses {
  readonly shortest: number;
  readonly longest: number;
}

export interface SpoolFollower extends AsyncIterable<Buffer> {
  /** Looks at once: something may have been written, or it has ended. */
  poke(): void;
}

// where the kernel tells of changes, looking is only for `isEnded` and for file systems that tell nothing
const defaultPausesMs: Pauses = { shortest: 20, longest: 250 };

/**
 * Every byte from `from` on, once and in order, until the spool has ended and everything in it was given. A spool that
 * is not there yet is waited for.
 */
export function followSpool(path: string, from: number, options: FollowOptions): SpoolFollower {
  const bell = new Bell(options.signal);
  const ring = (): void => bell.ring();
  options.ended?.then(ring, ring);
  return {
    poke: ring,
    [Symbol.asyncIterator]: () => follow(path, from, options, bell),
  };
}

async function* follow(
  path: string,
  from: number,
  { signal, isEnded, pausesMs = defaultPausesMs }: FollowOptions,
  bell: Bell,
): AsyncGenerator<Buffer, void, undefined> {
  let handle: FileHandle | null = null;
  let watcher: FSWatcher | null = null;
  let position = from;
  let pauseMs = pausesMs.shortest;
  try {
    while (signal?.aborted !== true) {
      bell.listen();
      // asked before the last look, so that what was written up to the end is seen
      const ended = await isEnded();
      handle ??= await openIfThere(path);
      if (handle) {
        watcher ??= watchFile(path, bell);
        const start = position;
        for await (const chunk of restOf(handle, path, position, position > from)) {
          if (isAborted(signal)) return;
          position += chunk.length;
          yield chunk;
        }
        if (position > start) pauseMs = pausesMs.shortest;
      }
      if (ended) return;
      await bell.wait(pauseMs);
      pauseMs = Math.min(pausesMs.longest, pauseMs * 2);
    }
  } finally {
    bell.hush();
    watcher?.close();
    await handle?.close();
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function* restOf(
  handle: FileHandle,
  path: string,
  from: number,
  isRead: boolean,
): AsyncGenerator<Buffer> {
  let position = from;
  for (;;) {
    const chunk = await readChunk(handle, position);
    if (chunk.length === 0) break;
    position += chunk.length;
    yield chunk;
  }
  const { size } = await handle.stat();
  // What was asked for may not be there yet: a job that started again is still behind what it had written before.
  if (size < position && (isRead || position > from))
    throw new MoskitError(`${path} became shorter (${size} bytes) than what was already read (${position})`);
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null where there is nothing to watch with (no inotify, or no more of its handles): the pauses do. */
function watchFile(path: string, bell: Bell): FSWatcher | null {
  try {
    return watch(path, { persistent: false }, () => bell.ring()).on('error', () => undefined);
  } catch {
    return null;
  }
}

/** Wakes one waiter; a ring that comes while nobody waits is not lost. */
class Bell {
  #rang = false;
  #wake: (() => void) | null = null;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.ring();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  listen(): void {
    this.#rang = false;
    this.#signal?.addEventListener('abort', this.#onAbort);
  }

  hush(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  async wait(longestMs: number): Promise<void> {
    if (this.#rang) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, longestMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
