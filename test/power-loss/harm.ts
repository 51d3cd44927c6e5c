import type { Harm } from './formats.js';

/** The file as it may be found after the power came back. `zeros`: its length was written, its last blocks were not. */
export function harmed(bytes: Buffer, harm: Harm, at: number): Buffer {
  const copy = Buffer.from(bytes);
  if (harm === 'cut') return copy.subarray(0, at);
  if (harm === 'zeros') return copy.fill(0, at);
  copy[at] = copy[at]! ^ (1 << (at % 8));
  return copy;
}
