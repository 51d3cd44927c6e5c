import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MoveStep } from '../../core/relocation.js';
import { MoskitError } from '../../errors.js';
import { parseManifest, type Manifest } from '../../jobs/staging/manifest.js';
import { loadJsonFile, saveJsonFile } from '../../state/json-file.js';

/** Some 200 bytes for each file. */
const limitBytes = 256 * 1024 * 1024;
const firstName = 'carried.json';

/**
 * What was carried, as it was at home then: tells at the end what changed here meanwhile. A job that starts again
 * elsewhere is given a fresh copy: what that one held is written down under the generation of the move, before its
 * COMMIT, so that the journal alone says which of the files counts.
 */
export function carriedPath(jobDir: string, generation?: number): string {
  return join(jobDir, generation === undefined ? firstName : `carried-${generation}.json`);
}

export function saveCarried(jobDir: string, carried: Manifest, generation?: number): Promise<void> {
  return saveJsonFile(carriedPath(jobDir, generation), carried, { durable: true });
}

/** A move that carried it anew was given up. */
export function dropCarried(jobDir: string, generation: number): Promise<void> {
  return rm(carriedPath(jobDir, generation), { force: true });
}

/** What the folder of that generation goes back to: of the last committed move that carried anything, or of the start. */
export async function loadCarried(
  jobDir: string,
  journal: readonly MoveStep[] = [],
  upTo = Infinity,
): Promise<Manifest> {
  for (const generation of committed(journal)) {
    if (generation > upTo) continue;
    const found = await load(carriedPath(jobDir, generation));
    if (found) return found;
  }
  const path = carriedPath(jobDir);
  const found = await load(path);
  if (found) return found;
  throw new MoskitError(`${path} is missing: the job's files can't be told from home's`);
}

async function load(path: string): Promise<Manifest | null> {
  const loaded = await loadJsonFile(path, { limitBytes });
  if (loaded.kind === 'ok') return parseManifest(loaded.value);
  if (loaded.kind === 'missing') return null;
  throw new MoskitError(`${path} is ${loaded.kind}: the job's files can't be told from home's`);
}

/** The last first. */
function committed(journal: readonly MoveStep[]): readonly number[] {
  return journal.flatMap((entry) => (entry.step === 'commit' ? [entry.generation] : [])).reverse();
}
