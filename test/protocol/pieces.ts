/** Cuts bytes into pieces of these sizes, over and over; a size of 0 gives an empty piece once. */
export function inPieces(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  const left = [...sizes];
  for (let at = 0; at < bytes.length;) {
    const size = left.shift() ?? Math.max(1, sizes.at(-1) ?? bytes.length);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
