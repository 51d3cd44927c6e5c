/** What of an ELF file tells whether two machines have the same one. Reads no file: hands out the ranges to be read. */
export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly programHeaders: ByteRange;
  readonly programHeaderBytes: number;
}

export interface ByteRange {
  readonly offset: number;
  readonly size: number;
}

export const elfHeaderBytes = 64;
const mostProgramHeaders = 512;
const mostProgramHeaderBytes = 256; // 56 and 32 in practice
const mostNoteBytes = 1024 * 1024;
const noteSegment = 4; // PT_NOTE
const buildIdNote = 3; // NT_GNU_BUILD_ID

/** Null when the bytes are no ELF header, or one of a file that no kernel would run. */
export function parseElfHeader(bytes: Uint8Array): ElfHeader | null {
  if (bytes.length < elfHeaderBytes) return null;
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) return null;
  const bits = bytes[4] === 1 ? 32 : 64;
  const littleEndian = bytes[5] === 1;
  const view = viewOf(bytes);
  const offset = bits === 64 ? Number(view.getBigUint64(32, littleEndian)) : view.getUint32(28, littleEndian);
  const programHeaderBytes = view.getUint16(bits === 64 ? 54 : 42, littleEndian);
  if (programHeaderBytes > mostProgramHeaderBytes || !Number.isSafeInteger(offset)) return null;
  const count = Math.min(view.getUint16(bits === 64 ? 56 : 44, littleEndian), mostProgramHeaders);
  return {
    bits,
    littleEndian,
    programHeaderBytes,
    programHeaders: { offset, size: count * programHeaderBytes },
  };
}

/** Where the notes are, from the bytes of `programHeaders`. */
export function noteRanges(bytes: Uint8Array, header: ElfHeader): readonly ByteRange[] {
  const { bits, littleEndian, programHeaderBytes } = header;
  if (programHeaderBytes < (bits === 64 ? 56 : 32)) return [];
  const view = viewOf(bytes);
  const ranges: ByteRange[] = [];
  for (let at = 0; at + programHeaderBytes <= bytes.length; at += programHeaderBytes) {
    if (view.getUint32(at, littleEndian) !== noteSegment) continue;
    const word = (at64: number, at32: number): number =>
      bits === 64
        ? Number(view.getBigUint64(at + at64, littleEndian))
        : view.getUint32(at + at32, littleEndian);
    const offset = word(8, 4);
    if (Number.isSafeInteger(offset)) ranges.push({ offset, size: Math.min(word(32, 16), mostNoteBytes) });
  }
  return ranges;
}

/** The build id in hexadecimal, from the bytes of one note segment; null when it is not in there. */
export function findBuildId(bytes: Uint8Array, { littleEndian }: ElfHeader): string | null {
  const view = viewOf(bytes);
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameBytes = view.getUint32(at, littleEndian);
    const valueBytes = view.getUint32(at + 4, littleEndian);
    const value = at + 12 + roundUp(nameBytes);
    const end = value + roundUp(valueBytes);
    if (value + valueBytes > bytes.length) return null;
    if (view.getUint32(at + 8, littleEndian) === buildIdNote && isGnu(bytes, at + 12, nameBytes)) {
      return hex(bytes.subarray(value, value + valueBytes));
    }
    at = end;
  }
  return null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function roundUp(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function isGnu(bytes: Uint8Array, at: number, size: number): boolean {
  return size === 4 && bytes[at] === 0x47 && bytes[at + 1] === 0x4e && bytes[at + 2] === 0x55;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
