/** What the kernel tells each program at its start; Node.js has no other way to ask for it. */
export interface Auxv {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

const pageSizeEntry = 6n; // AT_PAGESZ
const clockTickEntry = 17n; // AT_CLKTCK

/** /proc/self/auxv of a little-endian 64-bit machine, which is what Node.js runs on; the usual values for what is absent. */
export function parseAuxv(bytes: Uint8Array): Auxv {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<bigint, number>();
  for (let at = 0; at + 16 <= bytes.byteLength; at += 16) {
    entries.set(view.getBigUint64(at, true), Number(view.getBigUint64(at + 8, true)));
  }
  return {
    pageBytes: entries.get(pageSizeEntry) ?? 4096,
    ticksPerSecond: entries.get(clockTickEntry) ?? 100,
  };
}
