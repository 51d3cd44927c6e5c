import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { JobExit } from '../core/cluster-map.js';
import { errnoOf } from '../errors.js';
import type { JobFolder } from './driver.js';

const maxMessagesBytes = 4096;
/** The file lies in the job's own folder: who writes more into it gets an unreadable status. */
const maxStatusBytes = 32;

/** The command's end as the sh recorded it; null while there is none. */
export async function readExit(folder: JobFolder): Promise<JobExit | null> {
  let text: string;
  try {
    text = await readStart(join(folder.dir, 'exit'), maxStatusBytes);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
  if (!text.endsWith('\n') && text.length < maxStatusBytes) return null; // it is being written
  return exitOf(/^\d+\n$/.test(text) ? Number(text) : NaN, await readMessages(folder));
}

/**
 * sh gives 128 + n for a death by signal and for a program that exits with that number. It tells them apart by a word
 * on its stderr ("Terminated"), except for the two that it passes over in silence.
 */
export function exitOf(code: number, messages: string): JobExit {
  if (!Number.isInteger(code) || code < 0 || code > 255)
    return { kind: 'unknown', reason: 'its exit status is unreadable' };
  const signal = signalNumbered(code - 128);
  if (signal === undefined) return { kind: 'code', code };
  const isSilent = signal === 'SIGINT' || signal === 'SIGPIPE';
  return isSilent || messages.trim() !== '' ? { kind: 'signal', signal } : { kind: 'code', code };
}

function signalNumbered(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** What the sh said: the reason of a 126 or 127 of ours. */
export async function readMessages(folder: JobFolder): Promise<string> {
  return readStart(join(folder.dir, 'messages'), maxMessagesBytes).catch(() => '');
}

async function readStart(path: string, most: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
