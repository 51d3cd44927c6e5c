import { parseJson } from '../core/json-text.js';
import { checksum } from './checksum.js';

/**
 * A record in a file of its own: `{"crc":"0f3a9c21","value":…}`. Without the checksum a single wrong bit could turn one
 * node or generation number into another, and the file would still read well.
 */
export function formatSealed(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `{"crc":"${checksum(text)}","value":${text}}\n`;
}

export type SealedAnswer =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

const sealPattern = /^\{"crc":"([0-9a-f]{8})","value":(.*)\}\n?$/s;

/** Also takes plain JSON: what people write, and what versions before the checksum wrote. */
export function parseSealed(text: string): SealedAnswer {
  const [, crc, sealed = ''] = sealPattern.exec(text) ?? [];
  if (crc !== undefined && checksum(sealed) !== crc) return { ok: false, problem: 'its checksum is wrong' };
  const json = parseJson(crc === undefined ? text : sealed);
  if (!json.ok) return { ok: false, problem: `line ${json.line}, column ${json.column}: ${json.message}` };
  if (crc === undefined && hasRestOfSeal(json.value))
    return { ok: false, problem: 'its checksum is damaged' };
  return json;
}

/** Damage to the seal itself must not make the file look like one that never had any. */
function hasRestOfSeal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'crc') || Object.hasOwn(value, 'value');
}
