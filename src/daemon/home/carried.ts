import { join } from 'node:path';
import { parseManifest, type Manifest } from '../../jobs/staging/manifest.js';
import { MoskitError } from '../../errors.js';
import { loadJsonFile } from '../../state/json-file.js';

/** Some 200 bytes for each file. */
const limitBytes = 256 * 1024 * 1024;

/** What was carried, as it was at home then: tells at the end what changed here meanwhile. */
export function carriedPath(jobDir: string): string {
  return join(jobDir, 'carried.json');
}

export async function loadCarried(jobDir: string): Promise<Manifest> {
  const loaded = await loadJsonFile(carriedPath(jobDir), { limitBytes });
  if (loaded.kind === 'ok') return parseManifest(loaded.value);
  throw new MoskitError(
    `${carriedPath(jobDir)} is ${loaded.kind}: the job's files can't be told from home's`,
  );
}
