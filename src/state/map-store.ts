import { readFile, stat } from 'node:fs/promises';
import type { ClusterMap } from '../core/cluster-map.js';
import type { MapEdit } from '../core/hpc/edit.js';
import { positionOf } from '../core/json-place.js';
import type { PlaceProblem } from '../core/map-schema.js';
import { emptyMap } from '../core/map-empty.js';
import { MoskitError, messageOf } from '../errors.js';
import { writeFileAtomic } from './atomic-file.js';
import { loadJsonFile, type JsonCheck } from './json-file.js';
import { setAsideAndLeave } from './set-aside.js';
import { durableCopy, formatMap, mapCheck, startingMap, type Clock, type MapLoad } from './map-file.js';

export type { Clock, MapLoad } from './map-file.js';

export interface MapStore {
  /** The newest map, readings included. */
  readonly map: ClusterMap;
  readonly loaded: MapLoad;
  /**
   * Changes the map. A durable change (topology, admin) is on the disk when this resolves, and did not happen when it
   * throws. Readings count at once and reach the file some seconds later. `change` must be pure: it may be called twice.
   */
  update(change: (map: ClusterMap) => ClusterMap, options: { readonly durable: boolean }): Promise<void>;
  /** Looks whether somebody has edited the file; the next write would do so, too. */
  takeOverEdit(): Promise<void>;
  /** Writes the readings that are waiting. */
  flush(): Promise<void>;
  /** The same, for the last time. */
  close(): Promise<void>;
}

export interface MapStoreOptions {
  /** At most one write of readings in this time. */
  readonly readingsIntervalMs?: number;
  /** May refuse an edit that is sound in itself; each problem names its place. */
  readonly checkEdit?: (edit: MapEdit) => readonly PlaceProblem[];
  /** Somebody edited the file while we had it open, and the edit counts from now on. */
  readonly onEdit?: (edit: MapEdit) => void;
  /** Something is wrong that nobody waits for: readings that can't be written, an edit that can't be read. */
  readonly onProblem?: (message: string) => void;
}

const defaultReadingsIntervalMs = 10_000;

/** hpc.json, for its only writer. Throws when the file was written by a newer version: it is then left as it is. */
export async function openMapStore(
  path: string,
  clock: Clock = { nowMs: Date.now },
  options: MapStoreOptions = {},
): Promise<MapStore> {
  const check = await mapCheck(path);
  const found = await loadJsonFile(path, { check, nowMs: clock.nowMs(), isReplaced: true });
  const { map, loaded } = await startingMap(path, found, check, clock);
  return new FileMapStore({ path, clock, check, map, loaded, options, mark: await fileMark(path) });
}

/**
 * Tells whether a file is still the one that was written or read last. No order of times is taken for granted, a clock
 * may be set back; and the time of the change of state is one that nobody can set.
 */
async function fileMark(path: string): Promise<string | null> {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  return stats && [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(' ');
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
  /** What is in the file, as far as we know. */
  #inFile: ClusterMap;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isDirty = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#map = parts.map;
    this.#mark = parts.mark;
    this.#inFile = parts.map;
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

  takeOverEdit(): Promise<void> {
    return this.#next(() => this.#takeOverEdit());
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
    await this.#write(wanted, text, true);
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
      const map = this.#map;
      await this.#write(map, this.#checked(map), false);
    } catch (error) {
      this.#schedule();
      throw error;
    }
  }

  async #write(map: ClusterMap, text: string, durable: boolean): Promise<void> {
    await writeFileAtomic(this.#parts.path, text, { durable });
    this.#inFile = map;
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
    const found = await loadJsonFile(path, { check, nowMs: clock.nowMs(), isReplaced: true });
    this.#mark = await fileMark(path);
    if (found.kind === 'damaged') return this.#refuse(found.keptAs, found.problems);
    if (found.kind !== 'ok') return;
    const edit = { before: this.#inFile, edited: found.value };
    const problems = options.checkEdit?.(edit) ?? [];
    if (problems.length > 0)
      return this.#refuse(
        await setAsideAndLeave(path, clock.nowMs()),
        problems.map(({ place, message }) => `${place}: ${message}`),
      );
    const { config, admin, decay } = found.value;
    this.#inFile = found.value;
    this.#map = { ...this.#map, config, admin, decay };
    options.onEdit?.(edit);
  }

  /** The running state stays, and the next write puts it into the file. */
  async #refuse(keptAs: string, problems: readonly string[]): Promise<void> {
    const { path, options } = this.#parts;
    this.#isDirty = true;
    const text = await readFile(keptAs, 'utf8').catch(() => '');
    const where = problems.map((problem) => atPosition(problem, text)).join('; ');
    options.onProblem?.(`an edit of ${path} was refused and kept as ${keptAs}: ${where}`);
  }
}

/** `config.entries[2].count: …` gets the line and column of that place in front, which is what an editor goes by. */
function atPosition(problem: string, text: string): string {
  const place = /^((?:[\w.]|\[\d+\]|\["[^"]*"\])+): /.exec(problem)?.[1];
  if (place === undefined || text === '') return problem;
  const { line, column } = positionOf(text, place);
  return `line ${line}, column ${column}: ${problem}`;
}
