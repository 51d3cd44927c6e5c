import { ProtocolError } from '../../errors.js';
import { byteStringProblem, pathProblem } from './byte-path.js';

/**
 * A tree in a stream: `magic`, then one JSON line per record. A file's line is followed by chunks (kind: 1 byte,
 * length: 6 bytes big endian): data with that many bytes, holes without any, and an end that says whether the file
 * kept still while it was read. The last record counts everything and carries the CRC-32 of all before it.
 */
export const magic = 'moskit-tree 1\n';
export const maxHeaderBytes = 64 * 1024;
export const chunkHeadBytes = 7;

export const chunkKinds = { data: 0x44, hole: 0x48, end: 0x45 } as const;
/** Length field of an `end` chunk. */
export const endStates = { stable: 0, unstable: 1 } as const;

export interface FileHeader {
  readonly type: 'file';
  readonly path: string;
  readonly mode: number;
  readonly mtimeNs: string;
  readonly size: number;
  /** Bytes before it do not travel. */
  readonly offset: number;
}

export type Header =
  | FileHeader
  | { readonly type: 'dir' | 'fifo'; readonly path: string; readonly mode: number; readonly mtimeNs: string }
  | { readonly type: 'symlink'; readonly path: string; readonly mtimeNs: string; readonly linkTarget: string }
  | { readonly type: 'delete'; readonly path: string }
  | { readonly type: 'end'; readonly entries: number; readonly bytes: number; readonly crc32: number }
  | { readonly type: 'abort'; readonly reason: string };

export interface Chunk {
  readonly kind: number;
  readonly length: number;
}

export function formatHeader(header: Header): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`);
}

export function formatChunkHead(chunk: Chunk): Buffer {
  const head = Buffer.allocUnsafe(chunkHeadBytes);
  head.writeUInt8(chunk.kind, 0);
  head.writeUIntBE(chunk.length, 1, 6);
  return head;
}

/** Takes nothing on trust: what comes out may be used as it is. */
export function parseHeader(line: Buffer): Header {
  const fields = parseObject(line);
  switch (fields['type']) {
    case 'file': {
      const size = count(fields, 'size');
      const offset = count(fields, 'offset');
      if (offset > size) throw damaged('an offset lies behind the end of its file');
      return { type: 'file', path: path(fields), mode: mode(fields), mtimeNs: time(fields), size, offset };
    }
    case 'dir':
    case 'fifo':
      return { type: fields['type'], path: path(fields), mode: mode(fields), mtimeNs: time(fields) };
    case 'symlink':
      return { type: 'symlink', path: path(fields), mtimeNs: time(fields), linkTarget: linkTarget(fields) };
    case 'delete':
      return { type: 'delete', path: path(fields) };
    case 'end':
      return {
        type: 'end',
        entries: count(fields, 'entries'),
        bytes: count(fields, 'bytes'),
        crc32: count(fields, 'crc32'),
      };
    case 'abort':
      return { type: 'abort', reason: reasonIn(fields) };
    default:
      throw damaged('a record is of a kind that is not known here');
  }
}

export function parseChunkHead(head: Buffer): Chunk {
  return { kind: head.readUInt8(0), length: head.readUIntBE(1, 6) };
}

export function damaged(what: string): ProtocolError {
  return new ProtocolError(`the other side sent a damaged tree: ${what}`);
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(line: Buffer): Fields {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  } catch {
    // said below
  }
  throw damaged('a record cannot be read');
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

/** setuid, setgid and sticky never come from a peer. */
function mode(fields: Fields): number {
  return count(fields, 'mode') & 0o777;
}

function time(fields: Fields): string {
  const value = fields['mtimeNs'];
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) throw damaged('a time cannot be read');
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
