import { readdirSync } from 'node:fs';
import type { MosdClient } from '../../cluster/mosd-client.js';
import type { Admin, ClusterConfig, Flag } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { RefusedError } from '../../errors.js';
import { resolvePaths } from '../../paths.js';
import type { CommandContext } from '../command.js';
import { hasMapFile, withMapFile } from '../map-file.js';
import { describeOutcome } from '../move-text.js';

export interface NewMap {
  readonly config: ClusterConfig;
  /** 0 = this machine leaves the cluster. */
  readonly mospe: NodeId | 0;
  /** Undefined = as it was. */
  readonly gateways: number | undefined;
}

const dayMs = 24 * 3600 * 1000;

/** Gives the map to mosd if there is one or has to be one, else writes the file. */
export async function loadMap(
  map: NewMap,
  options: { readonly atAnyCost: boolean },
  context: CommandContext,
): Promise<void> {
  const mosd = (await context.runningMosd()) ?? (hasJobs(context.env) ? await context.anyMosd() : null);
  if (!mosd) return writeMap(map, context);
  if (options.atAnyCost) await sendAllHome(mosd, context, () => giveMap(mosd, map));
  else await requireQuiet(mosd, () => giveMap(mosd, map));
}

/** A map to which a node was added: no job is where it must not be, so nobody has to go home for it. */
export async function extendMap(map: NewMap, context: CommandContext): Promise<void> {
  const mosd = (await context.runningMosd()) ?? (hasJobs(context.env) ? await context.anyMosd() : null);
  await (mosd ? giveMap(mosd, map) : writeMap(map, context));
}

async function giveMap(mosd: MosdClient, { config, mospe, gateways }: NewMap): Promise<void> {
  await mosd.request('setConfig', { config, mospe });
  if (gateways !== undefined) await mosd.request('setAdmin', { admin: { gateways } });
}

function writeMap({ config, mospe, gateways }: NewMap, context: CommandContext): Promise<void> {
  const changed = (admin: Admin): Admin => ({
    ...admin,
    mospe,
    ...(gateways === undefined ? {} : { gateways }),
  });
  return withMapFile(context, (store) =>
    store.update((map) => ({ ...map, config, admin: changed(map.admin), nodes: {} }), { durable: true }),
  );
}

/** `-w` changes nothing while guests are here or own jobs are away. */
async function requireQuiet(mosd: MosdClient, change: () => Promise<void>): Promise<void> {
  const { guests } = await mosd.request('status', { fresh: false });
  const away = (await mosd.request('jobs', { all: false })).filter((job) => job.where !== job.home);
  const reasons = [
    ...(guests.length > 0 ? [`jobs of other nodes run here (${guests.length})`] : []),
    ...(away.length > 0 ? [`jobs born here run elsewhere (${away.length})`] : []),
  ];
  if (reasons.length > 0) {
    throw new RefusedError(`the map stays as it is: ${reasons.join(' and ')}`, {
      hint: 'setpe -W sends them all home first',
    });
  }
  await change();
}

/** `-W` and `-off`: guests leave and own jobs come home first. What block and lstay were, they are again afterwards. */
async function sendAllHome(
  mosd: MosdClient,
  context: CommandContext,
  change: () => Promise<void>,
): Promise<void> {
  const { block, lstay, mospe } = (await mosd.request('map', {})).admin;
  const before: { readonly block: Flag; readonly lstay: Flag } = { block, lstay };
  try {
    const requests = mospe === 0 ? (['expel'] as const) : (['expel', 'bring'] as const);
    for (const request of requests) {
      const { outcomes } = await mosd.request(request, { timeoutMs: dayMs }, { timeoutMs: Infinity });
      const stuck = outcomes.filter((outcome) => !outcome.moved);
      for (const outcome of stuck) context.note(describeOutcome(outcome));
      if (stuck.length > 0)
        throw new RefusedError(`the map stays as it is: ${count(stuck.length, 'job')} did not go home`);
    }
    await change();
  } finally {
    await mosd.request('setAdmin', { admin: before });
  }
}

/** Jobs go on without mosd; a map must not change under them unseen. */
function hasJobs(env: NodeJS.ProcessEnv): boolean {
  const { guestsDir, homesDir } = resolvePaths(env);
  return hasMapFile(env) && [guestsDir, homesDir].some((folder) => namesIn(folder).length > 0);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
