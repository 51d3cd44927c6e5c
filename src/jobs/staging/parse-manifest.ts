import { ProtocolError } from '../../errors.js';
import { byteStringProblem, pathProblem } from './byte-path.js';
import { bytesOf, type Entry, type EntryType, type Manifest, type Skipped } from './manifest.js';
import { unpackJson } from './pack-manifest.js';

const maxEntries = 4_000_000;
const types: ReadonlySet<unknown> = new Set<EntryType>(['file', 'dir', 'symlink', 'fifo']);

/** A manifest, packed or not, from a file or a peer; throws where anything is not as `listTree` writes it. */
export function parseManifest(value: unknown): Manifest {
  const fields = object(typeof value === 'string' ? unpackJson(value) : value, 'a manifest');
  if (fields['format'] !== 1) throw damaged('its format is not known here');
  const entries = list(fields['entries']).map(parseEntry);
  if (new Set(entries.map((entry) => entry.path)).size !== entries.length)
    throw damaged('a path comes twice');
  return {
    format: 1,
    listedAtNs: time(fields, 'listedAtNs'),
    entries,
    skipped: list(fields['skipped']).map(parseSkipped),
    bytes: entries.reduce((sum, entry) => sum + bytesOf(entry), 0),
  };
}

function parseEntry(value: unknown): Entry {
  const fields = object(value, 'an entry');
  const type = fields['type'];
  if (!types.has(type)) throw damaged('an entry is of an unknown type');
  return {
    path: path(fields),
    type: type as EntryType,
    mode: count(fields, 'mode') & 0o777,
    mtimeNs: time(fields, 'mtimeNs'),
    ctimeNs: time(fields, 'ctimeNs'),
    size: count(fields, 'size'),
    ...(fields['dataBytes'] === undefined ? {} : { dataBytes: count(fields, 'dataBytes') }),
    ...(type === 'symlink' ? { linkTarget: linkTarget(fields) } : {}),
  };
}

function parseSkipped(value: unknown): Skipped {
  const fields = object(value, 'an entry');
  return { path: path(fields), reason: reasonIn(fields) };
}

type Fields = Readonly<Record<string, unknown>>;

function damaged(what: string): ProtocolError {
  return new ProtocolError(`a list of files is damaged: ${what}`);
}

function object(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw damaged(`${what} is missing`);
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > maxEntries) throw damaged('a list is missing or too long');
  return value;
}

function path(fields: Fields): string {
  const problem = pathProblem(fields['path']);
  if (problem !== null) throw damaged(problem);
  return fields['path'] as string;
}

function linkTarget(fields: Fields): string {
  const problem = byteStringProblem(fields['linkTarget']);
  if (problem !== null) throw damaged(problem);
  return fields['linkTarget'] as string;
}

function time(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) throw damaged(`'${name}' is not a time`);
  return value;
}

function reasonIn({ reason }: Fields): string {
  return typeof reason === 'string' ? reason.slice(0, 1000) : 'no reason was given';
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw damaged(`'${name}' is not a count`);
  return value;
}
