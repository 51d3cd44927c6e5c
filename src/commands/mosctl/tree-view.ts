import { readFileSync } from 'node:fs';
import type { MosdClient } from '../../cluster/mosd-client.js';
import { emptyMap } from '../../core/map-empty.js';
import { findInTree, isSetting, plainPath, type Found, type Leaf } from '../../core/hpc/table.js';
import type { HpcView } from '../../core/hpc/entry.js';
import { RefusedError, UsageError } from '../../errors.js';
import { version } from '../../version.js';
import type { CommandContext } from '../command.js';
import type { AskMosd } from './on-nodes.js';

/** What mosd knows that answers for this path: the settings alone where they do, else everything. */
export async function viewFor(path: string, mosd: AskMosd): Promise<HpcView> {
  const none = { config: emptyMap().config, nodes: [], jobs: [], guests: [] };
  if (isSetting(path)) return { ...none, ...(await mosd.request('settings', {})), version, procText };
  if (mosd.node !== null) {
    throw new UsageError(
      `of another node only admin/NAME, decay and gateways can be used, not ${path || 'all'}`,
      {
        hint: 'nodes/N has what every node says of itself',
      },
    );
  }
  return { ...(await wholeView(mosd)), version, procText };
}

type Whole = Omit<HpcView, 'version' | 'procText'>;

async function wholeView(mosd: Pick<MosdClient, 'request'>): Promise<Whole> {
  const [{ admin, decay, config }, status, jobs] = await Promise.all([
    mosd.request('map', {}),
    mosd.request('status', { fresh: false }),
    mosd.request('jobs', { all: false }),
  ]);
  return { admin, decay, config, nodes: status.nodes, guests: status.guests, jobs };
}

function procText(pid: number, file: 'statm' | 'stat'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return null;
  }
}

/** `/proc/self/…` is the job in which the command itself runs. */
export function pathGiven(text: string, { env }: Pick<CommandContext, 'env'>): string {
  const path = plainPath(text);
  if (!/^self(\/|$)/.test(path)) return path;
  const job = env['MOSKIT_JOB'];
  if (job === undefined)
    throw new RefusedError('self is the job that a command runs in; this one runs in none');
  return path.replace('self', job);
}

export function leavesAt(path: string, view: HpcView): readonly Leaf[] {
  const found = findInTree(path, view);
  if (found.kind === 'leaf') return [found.leaf];
  return found.kind === 'folder' ? found.leaves : refuse(found);
}

export function leafAt(path: string, view: HpcView): Leaf {
  const found = findInTree(path, view);
  if (found.kind === 'leaf') return found.leaf;
  if (found.kind === 'folder')
    throw new UsageError(`${path || '/'} is a folder`, { hint: `mosctl tree ${path}`.trimEnd() });
  return refuse(found);
}

function refuse(found: Extract<Found, { problem: string }>): never {
  if (found.kind === 'gone')
    throw new RefusedError(found.problem, { hint: 'mps lists the jobs of this node' });
  throw new UsageError(
    found.problem,
    found.kind === 'absent' ? {} : { hint: 'mosctl tree shows everything' },
  );
}
