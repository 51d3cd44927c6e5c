import { constants } from 'node:fs';
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

/** Everything that is kept, the oldest first; damaged lines are left out. */
export async function* readHistory(path: string): AsyncGenerator<HistoryEvent, void, undefined> {
  for (const file of [`${path}.1`, path]) yield* readFileOf(file);
}

async function* readFileOf(path: string): AsyncGenerator<HistoryEvent, void, undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (!handle) return;
  try {
    for await (const line of createInterface({ input: handle.createReadStream({ autoClose: false }) })) {
      const event = parseHistoryLine(line);
      if (event) yield event;
    }
  } finally {
    await handle.close();
  }
}
