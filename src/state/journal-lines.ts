import { checksum } from './checksum.js';

/**
 * One entry is one line of NDJSON, `{"crc":"0f3a9c21","entry":…}`: the checksum is over the bytes of the entry, so a line
 * that was written only in part, or damaged later, is told from a good one.
 */
export function formatLine(entry: unknown): string {
  const text = JSON.stringify(entry);
  return `{"crc":"${checksum(text)}","entry":${text}}\n`;
}

export interface BadLine {
  readonly line: number;
  readonly reason: string;
  /** It is the last one and was never finished: nobody was told that it is in the file. */
  readonly torn: boolean;
}

export interface ReadLines {
  /** Entries of the lines before the first bad one. */
  readonly entries: readonly unknown[];
  /** How many bytes those lines take. */
  readonly goodBytes: number;
  /** The first bad line and what is wrong with it; null = all are good. */
  readonly bad: BadLine | null;
}

/** Stops at the first line that is not whole: what follows it can't be relied upon, even if it reads well. */
export function readLines(bytes: Buffer, check: (entry: unknown) => void): ReadLines {
  const entries: unknown[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    const bad = (reason: string, torn = false): ReadLines => ({
      entries,
      goodBytes: start,
      bad: { line: entries.length + 1, reason, torn },
    });
    if (end < 0)
      return isWholeBut(bytes, start) ? bad('its end is damaged') : bad('it was written only in part', true);
    const read = readLine(bytes.toString('utf8', start, end));
    if (!read.ok) return bad(read.reason);
    try {
      check(read.entry);
    } catch (error) {
      return bad(error instanceof Error ? error.message : String(error));
    }
    entries.push(read.entry);
    start = end + 1;
  }
  return { entries, goodBytes: bytes.length, bad: null };
}

/** A finished line of which only the newline was damaged is no unfinished one. */
function isWholeBut(bytes: Buffer, start: number): boolean {
  return readLine(bytes.toString('utf8', start, bytes.length - 1)).ok;
}

const linePattern = /^\{"crc":"([0-9a-f]{8})","entry":(.*)\}$/s;

type LineAnswer =
  { readonly ok: true; readonly entry: unknown } | { readonly ok: false; readonly reason: string };

function readLine(line: string): LineAnswer {
  const match = linePattern.exec(line);
  if (!match) return { ok: false, reason: 'it is no line of a journal' };
  const [, crc = '', text = ''] = match;
  if (checksum(text) !== crc) return { ok: false, reason: 'its checksum is wrong' };
  try {
    return { ok: true, entry: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, reason: 'it is no JSON' };
  }
}
