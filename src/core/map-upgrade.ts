import { mapFormat } from './cluster-map.js';

/** Turns a map of one format into the next one. The shape it is given has not been checked yet. */
type Upgrade = (map: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/**
 * By the format they start from. Whoever raises `mapFormat` adds the step from the number before, and a file of the old
 * format to fixtures/maps, where it stays for ever.
 */
const upgrades: Readonly<Record<number, Upgrade>> = {};

export type UpgradeAnswer =
  | { readonly ok: true; readonly map: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly newer: boolean; readonly place: string; readonly message: string };

/** Brings a map of any older format to `mapFormat`; what a newer program wrote is refused, not guessed at. */
export function upgradeMap(value: unknown): UpgradeAnswer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, newer: false, place: '', message: 'a map is one JSON object' };
  }
  let map = value as Readonly<Record<string, unknown>>;
  const format = Object.hasOwn(map, 'format') ? map['format'] : undefined;
  if (format === undefined) return badFormat(`is missing; this version writes ${mapFormat}`);
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) {
    return badFormat('is no format number');
  }
  if (format > mapFormat) {
    return badFormat(`is ${format}, written by a newer moskit; this one reads up to ${mapFormat}`, true);
  }
  for (let from = format; from < mapFormat; from++) {
    const upgrade = upgrades[from];
    if (!upgrade) return badFormat(`is ${format}, which this version can no longer read`);
    map = { ...upgrade(map), format: from + 1 };
  }
  return { ok: true, map };
}

function badFormat(message: string, newer = false): UpgradeAnswer {
  return { ok: false, newer, place: 'format', message };
}
