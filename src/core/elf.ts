const ptNote = 4;
const ntGnuBuildId = 3;

/**
 * GNU build id of an ELF file, in hex, from its first bytes (the notes of real programs lie in the first page). Null
 * when the bytes are no ELF file or carry no build id there.
 */
export function buildIdOf(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46) return null;
  const is64 = bytes[4] === 2;
  const little = bytes[5] === 1;
  const word = (at: number): number =>
    is64 ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
  try {
    const tableAt = word(is64 ? 0x20 : 0x1c);
    const entrySize = view.getUint16(is64 ? 0x36 : 0x2a, little);
    const count = view.getUint16(is64 ? 0x38 : 0x2c, little);
    for (let index = 0; index < count; index++) {
      const at = tableAt + index * entrySize;
      if (view.getUint32(at, little) !== ptNote) continue;
      const found = buildIdIn(
        view,
        bytes,
        word(at + (is64 ? 0x08 : 0x04)),
        word(at + (is64 ? 0x20 : 0x10)),
        little,
      );
      if (found !== null) return found;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the table lies behind the bytes we have, or nowhere
  }
  return null;
}

function buildIdIn(
  view: DataView,
  bytes: Uint8Array,
  from: number,
  size: number,
  little: boolean,
): string | null {
  for (let at = from; at + 12 <= from + size;) {
    const nameSize = view.getUint32(at, little);
    const descSize = view.getUint32(at + 4, little);
    const type = view.getUint32(at + 8, little);
    const descAt = at + 12 + pad(nameSize);
    const isGnu = nameSize === 4 && view.getUint32(at + 12) === 0x474e5500;
    if (type === ntGnuBuildId && isGnu && descSize <= 64 && descAt + descSize <= bytes.length) {
      return [...bytes.subarray(descAt, descAt + descSize)]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('');
    }
    at = descAt + pad(descSize);
  }
  return null;
}

function pad(size: number): number {
  return (size + 3) & ~3;
}
