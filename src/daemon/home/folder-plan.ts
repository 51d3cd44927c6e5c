import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeId } from '../../core/ids.js';
import type { JobSpec } from '../../core/job-spec.js';
import { messageOf } from '../../errors.js';
import { planCarryIn, type CarryIn } from '../../jobs/staging/carry.js';
import { makeProbe, removeProbe, type FolderProbe } from '../../jobs/staging/same-folder.js';
import type { HomeContext } from './homes.js';

export type CarryPlan = Extract<CarryIn, { kind: 'ok' }>;

/** Runs `task` while a probe lies in the folder; the probe is gone afterwards, whatever happened. */
export async function withProbe<T>(dir: string, task: (probe: FolderProbe) => Promise<T>): Promise<T> {
  const probe = await makeProbe(dir);
  try {
    return await task(probe);
  } finally {
    await removeProbe(probe).catch(() => undefined);
  }
}

const seenForMs = 3_000;
const seen = new WeakMap<HomeContext, Map<string, Promise<ReadonlySet<NodeId>>>>();

/**
 * Which of these nodes see the very folder `dir`. A node that does not answer counts as one that does not. The answer
 * holds for some seconds: the many jobs of a `make -j` ask once, and a node looks again before it takes a job in.
 */
export function nodesThatSee(
  context: HomeContext,
  dir: string,
  nodes: readonly NodeId[],
): Promise<ReadonlySet<NodeId>> {
  const known = seen.get(context) ?? new Map<string, Promise<ReadonlySet<NodeId>>>();
  seen.set(context, known);
  const key = `${nodes.join(' ')} ${dir}`;
  const earlier = known.get(key);
  if (earlier) return earlier;
  const answer = askWhoSees(context, dir, nodes);
  known.set(key, answer);
  const forget = (): void => void known.delete(key);
  answer.then(() => setTimeout(forget, seenForMs).unref(), forget);
  return answer;
}

function askWhoSees(
  context: HomeContext,
  dir: string,
  nodes: readonly NodeId[],
): Promise<ReadonlySet<NodeId>> {
  const others = nodes.filter((node) => node !== context.nodes.self);
  return withProbe(dir, async (probe) => {
    const answers = await Promise.all(
      others.map(async (node) => {
        const answer = await context.nodes
          .access(node)
          .call('folder.check', { probe }, { timeoutMs: 5_000 })
          .catch(() => ({ same: false }));
        return answer.same ? [node] : [];
      }),
    );
    return new Set([context.nodes.self, ...answers.flat()]);
  });
}

/** What travels with the job, or why nothing can. A home folder's hidden files (keys, caches) stay at home. */
export async function carryPlan(
  context: HomeContext,
  spec: JobSpec,
): Promise<CarryPlan | { readonly kind: 'refused'; readonly reason: string }> {
  const { cwd, carryIn, carryLimitBytes } = spec.folder;
  if (context.admin().nomfs === 1)
    return {
      kind: 'refused',
      reason: 'nomfs is set here: files of this node are not sent along (mosctl nomfs)',
    };
  try {
    const plan = await planCarryIn(cwd, {
      patterns: carryIn,
      limitBytes: carryLimitBytes,
      exclude: [...context.ownDirs, ...(carryIn === null ? await privateFiles(context, cwd) : [])],
    });
    if (plan.kind === 'ok') return plan;
    return {
      kind: 'refused',
      reason: `the working folder ${cwd} holds more than --carry-limit (${mebibytes(carryLimitBytes)}); ${plan.hint}`,
    };
  } catch (error) {
    return { kind: 'refused', reason: `the working folder ${cwd} can't be carried: ${messageOf(error)}` };
  }
}

/** Keys, histories and caches of a home folder are nobody else's business, unless `--in` names them. */
async function privateFiles(context: HomeContext, cwd: string): Promise<readonly string[]> {
  if (cwd !== context.homeDir) return [];
  return (await readdir(cwd)).filter((name) => name.startsWith('.')).map((name) => join(cwd, name));
}

function mebibytes(bytes: number): string {
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MiB`;
}
