import { unlink } from 'node:fs/promises';
import type { ClusterMap } from '../core/cluster-map.js';
import { emptyMap } from '../core/map-empty.js';
import { MoskitError } from '../errors.js';
import { writeFileAtomic } from './atomic-file.js';
import { loadJsonFile, type JsonCheck, type LoadedJson } from './json-file.js';

export type MapLoad =
  | { readonly kind: 'ok' }
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'damaged';
      readonly problems: readonly string[];
      readonly keptAs: string;
      /** Topology and admin came from the copy that the last durable change left; else the map is empty. */
      readonly recovered: boolean;
    };

export interface Clock {
  nowMs(): number;
}

/** zod is slow to start, so the checker is loaded by whoever opens a store and by nobody else. */
export async function mapCheck(path: string): Promise<JsonCheck<ClusterMap>> {
  const { parseMap, formatProblem } = await import('../core/map-schema.js');
  return (value) => {
    const answer = parseMap(value);
    if (answer.ok) return { ok: true, value: answer.map };
    const problems = answer.problems.map(formatProblem);
    if (!answer.newer) return { ok: false, problems };
    throw new MoskitError(`${path}: ${problems.join('; ')}`, {
      hint: 'update moskit, or set MOSKIT_DIR to another folder',
    });
  };
}

/**
 * Readings are written without fsync, so the file may be lost with the machine's power; the copy, written at each durable
 * change, is not.
 */
export const durableCopy = (path: string): string => `${path}.durable`;

export async function startingMap(
  path: string,
  found: LoadedJson<ClusterMap>,
  check: JsonCheck<ClusterMap>,
  clock: Clock,
): Promise<{ readonly map: ClusterMap; readonly loaded: MapLoad }> {
  if (found.kind === 'ok') return { map: found.value, loaded: { kind: 'ok' } };
  if (found.kind === 'missing') {
    await unlink(durableCopy(path)).catch(() => undefined); // who removed the map does not want it back
    return { map: emptyMap(), loaded: found };
  }
  const copy = await loadJsonFile(durableCopy(path), { check, nowMs: clock.nowMs() });
  const map = copy.kind === 'ok' ? copy.value : emptyMap();
  await writeFileAtomic(path, formatMap(map), { durable: true });
  return { map, loaded: { ...found, recovered: copy.kind === 'ok' } };
}

export function formatMap(map: ClusterMap): string {
  return `${JSON.stringify(map, null, 2)}\n`;
}
