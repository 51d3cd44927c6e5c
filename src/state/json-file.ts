import { removeStaleTemps, writeFileAtomic, type AtomicWriteOptions } from './atomic-file.js';
import { readLimited } from './read-limited.js';
import { formatSealed, parseSealed } from './sealed-json.js';
import { setAside, setAsideAndLeave } from './set-aside.js';

export type LoadedJson<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'missing' }
  /** The file is now `keptAs`; each problem names its place. */
  | { readonly kind: 'damaged'; readonly problems: readonly string[]; readonly keptAs: string };

/** Checks a value's shape; an answer, not an exception. */
export type JsonCheck<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly string[] };

export interface LoadJsonOptions {
  readonly limitBytes?: number;
  readonly nowMs?: number;
  /** A damaged file keeps its name as well, until the caller has put another in its place. */
  readonly isReplaced?: boolean;
}

const defaultLimitBytes = 16 * 1024 * 1024;

/** Reads a JSON file of ours, with a checksum (sealed-json) or without. What can't be understood is kept under another name, so that it is never overwritten. */
export async function loadJsonFile(path: string, options?: LoadJsonOptions): Promise<LoadedJson<unknown>>;
export async function loadJsonFile<T>(
  path: string,
  options: LoadJsonOptions & { readonly check: JsonCheck<T> },
): Promise<LoadedJson<T>>;
export async function loadJsonFile<T>(
  path: string,
  options: LoadJsonOptions & { readonly check?: JsonCheck<T> } = {},
): Promise<LoadedJson<T | unknown>> {
  const { limitBytes = defaultLimitBytes, nowMs = Date.now(), isReplaced = false, check } = options;
  await removeStaleTemps(path, nowMs);
  const read = await readLimited(path, limitBytes);
  if (read.kind === 'missing') return read;
  const parsed =
    read.kind === 'ok'
      ? parseBytes(read.bytes, check)
      : { ok: false as const, problems: [`${read.bytes} bytes are too many; the limit is ${limitBytes}`] };
  if (parsed.ok) return { kind: 'ok', value: parsed.value };
  const keptAs = await (isReplaced ? setAsideAndLeave : setAside)(path, nowMs);
  return { kind: 'damaged', problems: parsed.problems, keptAs };
}

/** What is wrong with a record that no version of ours up to this one, `known`, understands. It is then left as it is. */
export function recordProblem(loaded: LoadedJson<unknown>, known: number): string {
  if (loaded.kind !== 'ok') return loaded.kind;
  const format =
    typeof loaded.value === 'object' && loaded.value !== null
      ? (Reflect.get(loaded.value, 'format') as unknown)
      : null;
  return typeof format === 'number' && format > known
    ? `of format ${format}, written by a newer moskit`
    : 'damaged';
}

function parseBytes<T>(bytes: Buffer, check: JsonCheck<T> | undefined): ReturnType<JsonCheck<T | unknown>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { ok: false, problems: ['it is not UTF-8 text'] };
  }
  const found = parseSealed(text);
  if (!found.ok) return { ok: false, problems: [found.problem] };
  return check ? check(found.value) : found;
}

/** Writes the file as a whole (atomic-file), with a checksum. Throws a MoskitError when that fails; the old file is then still there. */
export async function saveJsonFile(path: string, value: unknown, options: AtomicWriteOptions): Promise<void> {
  await writeFileAtomic(path, formatSealed(value), options);
}
