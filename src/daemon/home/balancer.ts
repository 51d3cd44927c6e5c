import { loadOf } from '../../core/balance/altload.js';
import { decide } from '../../core/balance/decide.js';
import { demandsOf } from '../../core/balance/demand.js';
import { forecastOf } from '../../core/balance/forecast.js';
import {
  newDemandMemory,
  rememberDemand,
  rememberedDemand,
  type DemandMemory,
} from '../../core/balance/remember-demand.js';
import { fromClusterSnapshot } from '../../core/balance/from-snapshot.js';
import { policyFor } from '../../core/balance/policy.js';
import { choosePlacement } from '../../core/balance/place.js';
import type { BalanceJob, BalanceSnapshot, Plan } from '../../core/balance/types.js';
import type { Admin } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import type { MoveOutcome, PlanLine, RebalanceAnswer } from '../../protocol/messages.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';
import { relocate } from './relocate.js';
import { clusterSnapshot } from './snapshot.js';

/** One pass of the pure decision over what home knows now. */
export function plan(context: HomeContext, admin: Admin): Plan {
  const { snapshot, jobs } = fromClusterSnapshot(
    clusterSnapshot(context, { placedOnly: true }),
    context.nodes.self,
    {
      traits: (id) => {
        const spec = context.homes.find(id)?.record.spec;
        if (!spec) return undefined;
        return { hint: spec.hint, allowed: spec.where.kind === 'list' ? spec.where.nodes : null };
      },
    },
  );
  const policy = policyFor(admin);
  const remembered = withMemory(context, jobs, demandsOf(jobs, forecastOf(snapshot, policy)), admin);
  const made = decide(snapshot, remembered, policy, Date.now(), Math.random);
  for (const { job, reason } of made.stays) remember(context, job, reason);
  for (const { job, to, explanation } of made.moves) remember(context, job, `to node ${to}: ${explanation}`);
  return made;
}

const memories = new WeakMap<HomeJob, DemandMemory>();

/** Each job counts for what it has asked for over the memory that its decay policy gives it. */
function withMemory(
  { homes }: HomeContext,
  jobs: readonly BalanceJob[],
  demands: ReadonlyMap<string, number>,
  rates: Admin,
): readonly BalanceJob[] {
  const nowMs = performance.now();
  return jobs.map((job) => {
    const own = homes.find(job.job);
    const demand = demands.get(job.job);
    if (!own || demand === undefined) return job;
    const { decay = 'slow' } = own.record.spec;
    const memory = rememberDemand(memories.get(own) ?? newDemandMemory(nowMs), demand, nowMs, decay, rates);
    memories.set(own, memory);
    return { ...job, demand: rememberedDemand(memory, demand) };
  });
}

function remember(context: HomeContext, id: string, word: string): void {
  const job = context.homes.find(id);
  if (job) job.balanceWord = word;
}

/** Starts what the plan says; each move re-checks everything itself. */
export function act(context: HomeContext, made: Plan): Promise<readonly MoveOutcome[]> {
  return Promise.all(
    made.moves.flatMap((move) => {
      const job = context.homes.find(move.job);
      if (!job || job.moving) return [];
      context.log.write(
        `balance: job ${move.job} from node ${move.from} to ${move.to}: ${move.why}; ${move.explanation}`,
      );
      context.history.add({
        event: 'decided',
        ...placeInHistory(job),
        to: move.to,
        reason: `${move.why}: ${move.explanation}`,
      });
      job.moving = { to: move.to, step: 'planned' };
      return [relocate(context, job, move.to, move.why)];
    }),
  );
}

/** `mosctl rebalance`: the same pass as the daemon's own. */
export async function rebalance(
  context: HomeContext,
  admin: Admin,
  dryRun: boolean,
): Promise<RebalanceAnswer> {
  const made = plan(context, admin);
  const lines: readonly PlanLine[] = [
    ...made.moves.map(({ job, from, to, why, explanation }) => ({
      job,
      from,
      to,
      why: `${why}: ${explanation}`,
    })),
    ...made.stays.map(({ job, reason }) => ({
      job,
      from: whereOf(context, job),
      to: null,
      why: reason,
    })),
  ];
  return { plan: lines, outcomes: dryRun ? [] : await act(context, made) };
}

function whereOf(context: HomeContext, id: string): NodeId {
  const found = context.homes
    .views(context.nodes, performance.now(), { all: false })
    .find((view) => view.job === id);
  return found?.where ?? context.nodes.self;
}

/** `migrate … balance`: the node that the placement would choose for this job now, if that is another one. */
export function bestNodeFor(
  context: HomeContext,
  job: HomeJob,
): { readonly node: NodeId | null; readonly reason: string } {
  const where = whereIs(job)?.where ?? context.nodes.self;
  const { snapshot } = fromClusterSnapshot(
    clusterSnapshot(context, { placedOnly: true }),
    context.nodes.self,
  );
  const { spec } = job.record;
  const hints = { home: context.nodes.self, hint: spec.hint, rssKib: job.usage?.rssKib ?? null };
  const allowed = spec.where.kind === 'list' ? spec.where.nodes : null;
  const policy = policyFor(context.admin());
  const placement = choosePlacement(withoutJob(snapshot, where), hints, allowed, policy, Math.random);
  if (placement.node === where)
    return { node: null, reason: `node ${where} is the best place: ${placement.reason}` };
  return { node: placement.node, reason: placement.reason };
}

/** The job's own load does not count against staying where it is. */
function withoutJob(snapshot: BalanceSnapshot, where: NodeId): BalanceSnapshot {
  return {
    ...snapshot,
    nodes: snapshot.nodes.map((node) => {
      if (node.node !== where || node.speed === 0) return node;
      const own = loadOf(1, node);
      return { ...node, load: Math.max(0, node.load - own), ownload: Math.max(0, node.ownload - own) };
    }),
  };
}
