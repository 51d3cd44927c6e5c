import { constants, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseHistoryLine, type HistoryEvent } from '../core/history.js';
import { errnoOf } from '../errors.js';
import { logFile } from './log-file.js';

/** Where events go: one JSON line each. Nothing depends on them, so they are not worth an fsync. */
export interface History {
  add(event: Omit<HistoryEvent, 'atMs'>): void;
}

const longestReason = 2_000;

export function createHistory(path: string, now: () => number): History {
  const write = logFile(path);
  return {
    add: (event) =>
      write(`${JSON.stringify({ atMs: now(), ...event, reason: event.reason.slice(0, longestReason) })}\n`),
  };
}

/** How far somebody has read: the file, and whole lines of it. Times would not do, a clock may be set back. */
export interface HistoryPlace {
  readonly ino: number;
  readonly bytes: number;
}

/**
 * Everything that is kept, or what came after `from`, the oldest first; damaged lines are left out. Answers how far it
 * was read; null where there is nothing.
 */
export async function* readHistory(
  path: string,
  from: HistoryPlace | null = null,
): AsyncGenerator<HistoryEvent, HistoryPlace | null, undefined> {
  const isCurrent = from !== null && statSync(path, { throwIfNoEntry: false })?.ino === from.ino;
  let place = from;
  for (const file of isCurrent ? [path] : [`${path}.1`, path])
    place = (yield* readFileOf(file, from)) ?? place;
  return place;
}

async function* readFileOf(
  path: string,
  from: HistoryPlace | null,
): AsyncGenerator<HistoryEvent, HistoryPlace | null, undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (!handle) return null;
  try {
    const { ino, size } = await handle.stat();
    let bytes = from?.ino === ino ? from.bytes : 0;
    if (bytes >= size) return { ino, bytes };
    // latin1: a character is a byte, so that they can be counted
    const input = handle.createReadStream({
      autoClose: false,
      encoding: 'latin1',
      start: bytes,
      end: size - 1,
    });
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (bytes + line.length + 1 > size) break; // it is being written
      bytes += line.length + 1;
      const event = parseHistoryLine(Buffer.from(line, 'latin1').toString('utf8'));
      if (event) yield event;
    }
    return { ino, bytes };
  } finally {
    await handle.close();
  }
}
