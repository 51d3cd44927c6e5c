import { crc32 } from 'node:zlib';
import {
  chunkKinds,
  endStates,
  formatChunkHead,
  formatHeader,
  magic,
  type Header,
} from '../../src/jobs/staging/wire.js';

const mtimeNs = '1700000000000000000';
const end = formatChunkHead({ kind: chunkKinds.end, length: endStates.stable });

function file(path: string, content: string, { mode = 0o644, offset = 0, hole = 0 } = {}): readonly Buffer[] {
  const size = offset + hole + content.length;
  return [
    formatHeader({ type: 'file', path, mode, mtimeNs, size, offset }),
    ...(hole > 0 ? [formatChunkHead({ kind: chunkKinds.hole, length: hole })] : []),
    formatChunkHead({ kind: chunkKinds.data, length: content.length }),
    Buffer.from(content),
    end,
  ];
}

const one = (header: Header): readonly Buffer[] => [formatHeader(header)];
const dir = (path: string, mode = 0o755): readonly Buffer[] => one({ type: 'dir', path, mode, mtimeNs });
const link = (path: string, linkTarget: string): readonly Buffer[] =>
  one({ type: 'symlink', path, mtimeNs, linkTarget });
const gone = (path: string): readonly Buffer[] => one({ type: 'delete', path });

/** Trees as a sender writes them, and some that only a wicked one would. */
export function archiveSamples(): readonly Buffer[] {
  return [
    [...dir('a'), ...file('a/b', 'hello'), ...link('a/l', 'b'), ...gone('old')],
    [...file('old', ' and new', { offset: 3 }), ...file('sparse', 'x', { hole: 70_000 }), ...dir('d', 0o500)],
    [...dir('d'), ...link('d/out', '../../outside'), ...file('d/out/evil', 'x')],
    [...link('l2', '/etc'), ...gone('l2'), ...dir('l2'), ...file('l2/passwd', 'x')],
    [...file('l/precious', 'x'), ...file('kept/p', 'over', { offset: 2 }), ...gone('l/precious')],
    [...file('su', 'x', { mode: 0o4755 }), ...dir('sticky', 0o7777), ...gone('kept/p'), ...gone('kept')],
    [...dir('x'), ...file('x/y', 'z'), ...gone('x/y'), ...gone('x'), ...link('x', '../outside')],
    [...dir('p'), ...one({ type: 'fifo', path: 'p/f', mode: 0o600, mtimeNs })],
  ].map(finished);
}

function finished(parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from(magic), ...parts]);
  const headers = parts
    .filter((part) => part[0] === 0x7b)
    .map((part) => JSON.parse(part.toString()) as { type: string });
  const files = headers as readonly {
    readonly type: string;
    readonly size?: number;
    readonly offset?: number;
  }[];
  const bytes = files.reduce((sum, { size = 0, offset = 0 }) => sum + (size > 70_000 ? 1 : size - offset), 0);
  const last: Header = { type: 'end', entries: headers.length, bytes, crc32: crc32(body) };
  return Buffer.concat([body, formatHeader(last)]);
}

/** Small ELF files with one note: 64 and 32 bits, both byte orders. */
export function elfSamples(): readonly Buffer[] {
  return [true, false].flatMap((littleEndian) => [64, 32].map((bits) => elf(bits as 32 | 64, littleEndian)));
}

function elf(bits: 32 | 64, littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(256);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number, value: number): void =>
    bits === 64
      ? view.setBigUint64(at, BigInt(value), littleEndian)
      : view.setUint32(at, value, littleEndian);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, littleEndian ? 1 : 2]);
  const [headers, notes] = [64, 160];
  word(bits === 64 ? 32 : 28, headers);
  view.setUint16(bits === 64 ? 54 : 42, bits === 64 ? 56 : 32, littleEndian);
  view.setUint16(bits === 64 ? 56 : 44, 1, littleEndian);
  view.setUint32(headers, 4, littleEndian);
  word(headers + (bits === 64 ? 8 : 4), notes);
  word(headers + (bits === 64 ? 32 : 16), 36);
  for (const [index, value] of [4, 20, 3].entries()) view.setUint32(notes + 4 * index, value, littleEndian);
  bytes.write('GNU\0', notes + 12);
  bytes.fill(0xab, notes + 16, notes + 36);
  return bytes;
}
