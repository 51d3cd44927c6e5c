import { beforeEach, expect, it } from 'vitest';
import type { MoveStep } from '../../../src/core/relocation.js';
import { dropCarried, loadCarried, saveCarried } from '../../../src/daemon/home/carried.js';
import { emptyManifest, type Manifest } from '../../../src/jobs/staging/manifest.js';
import { tempFolder } from '../../state/temp-folder.js';

let dir: string;
beforeEach(async () => {
  dir = await tempFolder();
});

const commit = (generation: number): MoveStep => ({ step: 'commit', generation, atMs: 0 });
const abort = (generation: number): MoveStep => ({ step: 'abort', generation, reason: '', atMs: 0 });
const listOf = (path: string): Manifest => ({
  ...emptyManifest(),
  entries: [{ path, type: 'dir', size: 0, mode: 0o755, mtimeNs: '1', ctimeNs: '1' }],
});
const carriedAt = async (journal: readonly MoveStep[], upTo?: number): Promise<string | undefined> =>
  (await loadCarried(dir, journal, upTo)).entries[0]?.path;

it('what was carried is that of the last move that was committed, at whatever step mosd was killed', async () => {
  await saveCarried(dir, listOf('start'));
  expect(await carriedAt([])).toBe('start');
  await saveCarried(dir, listOf('second'), 2);
  expect(await carriedAt([])).toBe('start');
  expect(await carriedAt([commit(2)])).toBe('second');
  expect(await carriedAt([commit(2), commit(3)])).toBe('second');
  await saveCarried(dir, listOf('fourth'), 4);
  expect(await carriedAt([commit(2), commit(3), abort(4)])).toBe('second');
  await dropCarried(dir, 4);
  expect(await carriedAt([commit(2), commit(3), abort(4), commit(5)])).toBe('second');
});

it('the folder of an image goes back to what was carried before it was made', async () => {
  await saveCarried(dir, listOf('start'));
  await saveCarried(dir, listOf('fourth'), 4);
  expect(await carriedAt([commit(2), commit(4)], 3)).toBe('start');
  expect(await carriedAt([commit(2), commit(4)], 4)).toBe('fourth');
});

it('what is not there is said', async () => {
  await expect(carriedAt([])).rejects.toThrow(/carried.json is missing: the job's files can't be told/);
});
