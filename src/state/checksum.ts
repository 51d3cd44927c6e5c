import { crc32 } from 'node:zlib';

/** Tells a text that was written only in part, or damaged later, from the one that was meant; no protection against malice. */
export function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
