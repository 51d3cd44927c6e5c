import { setTimeout as delay } from 'node:timers/promises';
import { choosePlacement } from '../../core/balance/place.js';
import { policyFor } from '../../core/balance/policy.js';
import { fromClusterSnapshot } from '../../core/balance/from-snapshot.js';
import type { NodeId } from '../../core/ids.js';
import { MoskitError, messageOf, RefusedError, UsageError } from '../../errors.js';
import type { SubmitAnswer } from '../../protocol/messages.js';
import type { JobSpec } from '../../core/job-spec.js';
import { saveCarried } from './carried.js';
import { carryPlan, nodesThatSee, withProbe, type CarryPlan } from './folder-plan.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, type HomeJob } from './job.js';
import { clusterSnapshot } from './snapshot.js';
import { sendCarried } from './transfer.js';

const firstGeneration = 1;
/** How long a new job waits for nodes that are just being contacted for the first time. */
const firstContactMs = 6_000;
/** How long a node that was up is asked again, before it may run the job and after. */
const patienceMs = 20_000;
const mayRunPatienceMs = 120_000;
const askAgainMs = 300;

interface Choice {
  readonly node: NodeId;
  readonly reason: string;
  readonly carry: CarryPlan | null;
  readonly notice: string | null;
}

/** Takes a new job in and starts it. The same submission again (its answer was lost) is the same job. */
export async function submit(context: HomeContext, spec: JobSpec): Promise<SubmitAnswer> {
  const { homes } = context;
  const { deputy } = spec;
  const take = async (): Promise<HomeJob> =>
    homes.byDeputy(spec) ?? (await homes.create(context.nodes.self, spec, context.defaultJobsRoot()));
  // One after the other: the second of two that come at once must see the first.
  const job = await (deputy ? homes.queue.run(`deputy ${deputy.pid} ${deputy.startTicks}`, take) : take());
  return homes.queue.run(job.record.job, () => launch(context, job));
}

/** Starts a job that is recorded and not running yet; what an interrupted start left on a node is taken over. */
export async function launch(context: HomeContext, job: HomeJob): Promise<SubmitAnswer> {
  if (!context.homes.find(job.record.job)) throw new RefusedError(`job ${job.record.job} was given up`);
  if (job.record.phase !== 'starting') return answer(job, 'it was started already', null);
  if (await isRunningAlready(context, job)) return started(context, job, 'it was started already', null);
  await context.nodes.settled(firstContactMs);
  const refused = new Map<NodeId, string>();
  try {
    for (;;) {
      const choice = await choose(context, job, refused);
      const { node, reason } = choice;
      context.history.add({ event: 'placed', job: job.record.job, node, reason });
      const no = await startPatiently(context, job, choice);
      if (no === null) return await started(context, job, choice.reason, choice.notice);
      context.history.add({ event: 'refused', job: job.record.job, node: choice.node, reason: no });
      if (job.record.spec.where.kind === 'node') throw new RefusedError(no);
      refused.set(choice.node, no);
    }
  } catch (error) {
    job.placed = null;
    const event = error instanceof RefusedError ? 'refused' : 'fault';
    const reason = `it is not started: ${messageOf(error)}`;
    context.history.add({ event, job: job.record.job, reason });
    await context.homes.drop(job);
    throw error;
  }
}

async function isRunningAlready(context: HomeContext, job: HomeJob): Promise<boolean> {
  const { start } = job.record;
  if (!start) return false;
  const node = context.nodes.access(start.where);
  const guests = await node.call('guest.list', {});
  const guest = guests.find((candidate) => candidate.job === job.record.job);
  if (guest?.phase === 'running' || guest?.phase === 'ended') return true;
  if (guest)
    await node.call('guest.forget', { job: job.record.job, generation: guest.generation, keepDir: false });
  return false;
}

async function started(
  context: HomeContext,
  job: HomeJob,
  reason: string,
  notice: string | null,
): Promise<SubmitAnswer> {
  // It runs, whatever the disk says: a mosd that reads `starting` asks the node, and finds it.
  await context.homes
    .change(job, { phase: 'running', startedAtMs: Date.now() })
    .catch((error: unknown) => context.log.error(error));
  context.history.add({ event: 'started', ...placeInHistory(job), reason });
  context.homes.follow(context, job);
  return answer(job, reason, notice);
}

function answer(job: HomeJob, reason: string, notice: string | null): SubmitAnswer {
  return { job: job.record.job, where: job.record.start?.where ?? 0, reason, notice };
}

function candidatesOf(context: HomeContext, spec: JobSpec): readonly NodeId[] | null {
  const { where } = spec;
  if (where.kind === 'best') return null;
  const wanted =
    where.kind === 'home' ? [context.nodes.self] : where.kind === 'node' ? [where.node] : where.nodes;
  const unknown = wanted.filter((node) => !context.nodes.has(node));
  if (unknown.length > 0)
    throw new UsageError(`node ${unknown.join(', ')} is not in the map`, { hint: 'showmap lists the nodes' });
  return wanted;
}

/** The node by the balancer's own cost function, then how the working folder gets there. */
async function choose(
  context: HomeContext,
  job: HomeJob,
  refused: ReadonlyMap<NodeId, string>,
): Promise<Choice> {
  const { spec } = job.record;
  const { nodes } = context;
  const candidates = candidatesOf(context, spec);
  const isTold = spec.where.kind === 'home' || spec.where.kind === 'node';
  const place = isTold
    ? { node: candidates![0]!, reason: 'told so' }
    : placeBest(context, job, candidates, refused);
  job.placed = place.node;
  const up = nodes.views(performance.now()).filter((view) => view.state === 'up');
  const sees = await nodesThatSee(
    context,
    spec.folder.cwd,
    up.map((view) => view.node),
  );
  const staysPut = spec.lock && place.node === nodes.self;
  if (sees.has(place.node) && (sees.size === up.length || place.node !== nodes.self || staysPut)) {
    return { ...place, carry: null, notice: null };
  }
  const carry = await carryPlan(context, spec);
  if (carry.kind === 'ok') return { ...place, carry, notice: null };
  if (place.node === nodes.self)
    return { ...place, carry: null, notice: `can't leave home: ${carry.reason}` };
  if (isTold) throw new RefusedError(carry.reason);
  const inPlace = (candidates ?? [...sees]).filter((node) => sees.has(node) && !refused.has(node));
  if (inPlace.some((node) => node !== nodes.self)) {
    const other = placeBest(context, job, inPlace, refused);
    job.placed = other.node;
    return { ...other, carry: null, notice: null };
  }
  job.placed = nodes.self;
  return { node: nodes.self, reason: carry.reason, carry: null, notice: `stays at home: ${carry.reason}` };
}

export function placeBest(
  context: HomeContext,
  job: HomeJob,
  candidates: readonly NodeId[] | null,
  refused: ReadonlyMap<NodeId, string>,
): { readonly node: NodeId; readonly reason: string } {
  const { snapshot } = fromClusterSnapshot(
    clusterSnapshot(context, { placedOnly: true }),
    context.nodes.self,
  );
  const open = (candidates ?? context.nodes.ids()).filter((node) => !refused.has(node));
  const hints = { home: context.nodes.self, hint: job.record.spec.hint, rssKib: null };
  const placement = choosePlacement(snapshot, hints, open, policyFor(context.admin()), Math.random);
  if (placement.node !== null) return { node: placement.node, reason: placement.reason };
  const reasons = [...refused].map(([node, reason]) => `node ${node}: ${reason}`);
  // Home itself always runs its own jobs, as openMosix's did, unless the user named other nodes.
  if (candidates === null && !refused.has(context.nodes.self)) {
    return { node: context.nodes.self, reason: placement.reason };
  }
  throw new RefusedError([placement.reason, ...reasons].join('; '));
}

/**
 * A node that was up and whose answer did not come is asked again: its mosd was killed, perhaps, and the next one is
 * there in a moment. Whether the job runs there meanwhile is asked, never guessed.
 */
async function startPatiently(context: HomeContext, job: HomeJob, choice: Choice): Promise<string | null> {
  // The balancer chooses only among nodes that are up; a node that the user names may have been down all along.
  const isTold = job.record.spec.where.kind === 'node';
  const wasUp = !isTold || context.nodes.view(choice.node, performance.now()).state === 'up';
  const beganMs = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    try {
      if (!isFirst && (await isRunningAlready(context, job))) return null;
      return await startAt(context, job, choice);
    } catch (error) {
      const mayRun = job.record.start?.where === choice.node;
      const isOver = performance.now() - beganMs > (mayRun ? mayRunPatienceMs : patienceMs);
      if (!wasUp || isOver || !isUnreachable(error)) throw error;
      await delay(askAgainMs);
    }
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof MoskitError && error.code === 'unreachable';
}

/** Prepares, carries and starts; answers the reason when the node does not take it. */
async function startAt(context: HomeContext, job: HomeJob, choice: Choice): Promise<string | null> {
  const { homes, nodes } = context;
  const { spec, jobsRoot } = job.record;
  const id = job.record.job;
  const node = nodes.access(choice.node);
  const ref = { job: id, generation: firstGeneration };
  const carried = choice.carry !== null;
  const prepared = await withProbe(spec.folder.cwd, (probe) =>
    node.call('guest.prepare', {
      ...ref,
      you: choice.node,
      spec,
      jobsRoot,
      carried,
      homecoming: choice.node === nodes.self,
      dirProbe: null,
      cwdProbe: carried || choice.node === nodes.self ? null : probe,
      move: null,
    }),
  );
  if (prepared.refused !== null) return prepared.refused;
  job.care.leaseGivenMs = performance.now();
  try {
    await homes.change(job, { carried, start: { where: choice.node, generation: firstGeneration } });
    if (choice.carry) {
      await saveCarried(homes.store.dirOf(id), choice.carry.manifest);
      await sendCarried(node, ref, spec.folder.cwd, choice.carry);
    }
  } catch (error) {
    await node.call('guest.forget', { ...ref, keepDir: false }).catch(() => undefined);
    if (isUnreachable(error)) return messageOf(error);
    throw error;
  }
  // From here on it may run there, whatever we hear: no other node is tried, or it could run twice.
  await node.call('guest.start', ref).catch(async (error: unknown) => {
    if (!isUnreachable(error))
      await node.call('guest.forget', { ...ref, keepDir: false }).catch(() => undefined);
    throw error;
  });
  return null;
}
