import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClusterMap } from '../core/cluster-map.js';
import { MoskitError } from '../errors.js';
import { resolvePaths } from '../paths.js';
import { tryLock } from '../state/lock-file.js';
import { openMapStore, type MapStore } from '../state/map-store.js';
import { ensurePrivateDir } from '../state/secure-dir.js';
import type { CommandContext } from './command.js';
import { requireMap } from './require-cluster.js';

/** The map: from mosd, its only writer while it runs, else from the file. */
export async function readMap(context: CommandContext): Promise<ClusterMap> {
  const mosd = await context.runningMosd();
  if (mosd) return mosd.request('map', {});
  requireMap(context.env);
  return withMapFile(context, (store) => Promise.resolve(store.map));
}

/** Opens the file in mosd's place and under mosd's lock, so that none starts meanwhile. */
export async function withMapFile<T>(
  context: CommandContext,
  visit: (store: MapStore) => Promise<T>,
): Promise<T> {
  const paths = resolvePaths(context.env);
  for (const folder of [paths.stateDir, paths.runtimeDir, dirname(paths.socket)])
    await ensurePrivateDir(folder);
  const lock = await tryLock(join(paths.runtimeDir, 'mosd.pid'));
  if (!lock.held) {
    throw new MoskitError(`process ${lock.holder.pid} has the map open`, { hint: 'try again in a moment' });
  }
  try {
    const store = await openMapStore(paths.map);
    noteDamage(store, paths.map, context);
    return await visit(store).finally(() => store.close());
  } finally {
    await lock.release();
  }
}

function noteDamage({ loaded }: MapStore, path: string, context: CommandContext): void {
  if (loaded.kind !== 'damaged') return;
  context.note(`${path} was damaged: ${loaded.problems.slice(0, 3).join('; ')}`);
  context.note(
    `it was kept as ${loaded.keptAs}; ` +
      (loaded.recovered
        ? 'the map is as it was after the last setpe or mosctl'
        : 'the map is empty now: load it again with setpe -w'),
  );
}

export function hasMapFile(env: NodeJS.ProcessEnv): boolean {
  return existsSync(resolvePaths(env).map);
}
