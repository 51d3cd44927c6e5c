import { stat, unlink } from 'node:fs/promises';
import type { ClusterMap } from '../core/cluster-map.js';
import { emptyMap } from '../core/map-empty.js';
import { MoskitError, messageOf } from '../errors.js';
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

export interface MapStore {
  /** The newest map, readings included. */
  readonly map: ClusterMap;
  readonly loaded: MapLoad;
  /**
   * Changes the map. A durable change (topology, admin) is on the disk when this resolves, and did not happen when it
   * throws. Readings count at once and reach the file some seconds later. `change` must be pure: it may be called twice.
   */
  update(change: (map: ClusterMap) => ClusterMap, options: { readonly durable: boolean }): Promise<void>;
  /** Writes the readings that are waiting. */
  flush(): Promise<void>;
  /** The same, for the last time. */
  close(): Promise<void>;
}

export interface MapStoreOptions {
  /** At most one write of readings in this time. */
  readonly readingsIntervalMs?: number;
  /** Somebody edited the file while we had it open, and the edit counts from now on. */
  readonly onEdit?: (map: ClusterMap) => void;
  /** Something is wrong that nobody waits for: readings that can't be written, an edit that can't be read. */
  readonly onProblem?: (message: string) => void;
}

export interface Clock {
  nowMs(): number;
}

const defaultReadingsIntervalMs = 10_000;

/** hpc.json, for its only writer. Throws when the file was written by a newer version: it is then left as it is. */
export async function openMapStore(
  path: string,
  clock: Clock = { nowMs: Date.now },
  options: MapStoreOptions = {},
): Promise<MapStore> {
  const check = await mapCheck(path);
  const found = await loadJsonFile(path, { check, nowMs: clock.nowMs() });
  const { map, loaded } = await startingMap(path, found, check, clock);
  return new FileMapStore({ path, clock, check, map, loaded, options, mark: await fileMark(path) });
}

/** zod is slow to start, so the checker is loaded by whoever opens a store and by nobody else. */
async function mapCheck(path: string): Promise<JsonCheck<ClusterMap>> {
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
const durableCopy = (path: string): string => `${path}.durable`;

async function startingMap(
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

function formatMap(map: ClusterMap): string {
  return `${JSON.stringify(map, null, 2)}\n`;
}

/** Tells whether a file is still the one that was written or read last. */
async function fileMark(path: string): Promise<string | null> {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  return stats && [stats.ino, stats.size, stats.mtimeNs].join(' ');
}

interface StoreParts {
  readonly path: string;
  readonly clock: Clock;
  readonly check: JsonCheck<ClusterMap>;
  readonly map: ClusterMap;
  readonly loaded: MapLoad;
  readonly options: MapStoreOptions;
  readonly mark: string | null;
}

class FileMapStore implements MapStore {
  readonly loaded: MapLoad;
  readonly #parts: StoreParts;
  #map: ClusterMap;
  #mark: string | null;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isDirty = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#map = parts.map;
    this.#mark = parts.mark;
    this.loaded = parts.loaded;
  }

  get map(): ClusterMap {
    return this.#map;
  }

  async update(
    change: (map: ClusterMap) => ClusterMap,
    { durable }: { readonly durable: boolean },
  ): Promise<void> {
    if (durable) {
      await this.#next(() => this.#change(change));
    } else {
      this.#map = change(this.#map);
      this.#schedule();
    }
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#next(() => this.#writeReadings());
  }

  close(): Promise<void> {
    return this.flush();
  }

  /** One write after the other. */
  #next(write: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #change(change: (map: ClusterMap) => ClusterMap): Promise<void> {
    await this.#takeOverEdit();
    const wanted = change(this.#map);
    const text = this.#checked(wanted);
    const { path } = this.#parts;
    const lasting = { ...emptyMap(), config: wanted.config, admin: wanted.admin, decay: wanted.decay };
    await writeFileAtomic(durableCopy(path), formatMap(lasting), { durable: true });
    await this.#write(text, true);
    this.#map = change(this.#map); // again: readings may have come in meanwhile
  }

  #schedule(): void {
    this.#isDirty = true;
    if (this.#timer) return;
    const { readingsIntervalMs = defaultReadingsIntervalMs, onProblem } = this.#parts.options;
    this.#timer = setTimeout(() => {
      this.flush().catch((error: unknown) => onProblem?.(messageOf(error)));
    }, readingsIntervalMs);
    this.#timer.unref();
  }

  async #writeReadings(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#takeOverEdit();
    this.#isDirty = false;
    try {
      await this.#write(this.#checked(this.#map), false);
    } catch (error) {
      this.#schedule();
      throw error;
    }
  }

  async #write(text: string, durable: boolean): Promise<void> {
    await writeFileAtomic(this.#parts.path, text, { durable });
    this.#mark = await fileMark(this.#parts.path);
  }

  /** What we would refuse to read must not be written. */
  #checked(map: ClusterMap): string {
    const text = formatMap(map);
    const answer = this.#parts.check(JSON.parse(text));
    if (answer.ok) return text;
    throw new MoskitError(`the map would be damaged: ${answer.problems.slice(0, 3).join('; ')}`);
  }

  /** A person may edit the file at any time: config, admin and decay then count as they say, readings as we know them. */
  async #takeOverEdit(): Promise<void> {
    const { path, clock, check, options } = this.#parts;
    const mark = await fileMark(path);
    if (mark === null || mark === this.#mark) return;
    const found = await loadJsonFile(path, { check, nowMs: clock.nowMs() });
    this.#mark = await fileMark(path);
    if (found.kind === 'damaged') {
      options.onProblem?.(
        `an edit of ${path} was set aside as ${found.keptAs}: ${found.problems.join('; ')}`,
      );
    }
    if (found.kind !== 'ok') return;
    const { config, admin, decay } = found.value;
    this.#map = { ...this.#map, config, admin, decay };
    options.onEdit?.(this.#map);
  }
}
