import { arch } from 'node:os';
import type { MoveRecord } from '../../core/cluster-map.js';
import type { DriverName } from '../../core/job-spec.js';
import type { NodeId } from '../../core/ids.js';
import { nextGeneration, recoveryOf } from '../../core/relocation.js';
import { messageOf, RefusedError } from '../../errors.js';
import type { MoveOutcome } from '../../protocol/messages.js';
import { reach } from '../fault-point.js';
import type { NodeAccess } from '../node-access.js';
import { saveCarried } from './carried.js';
import { withProbe } from './folder-plan.js';
import type { HomeContext } from './homes.js';
import { isOver, placeInHistory, whereIs, type HomeJob } from './job.js';
import { placeBest } from './launch.js';
import { Refusal } from './move.js';
import { DamagedImage, fill, type Filled, type Origin } from './fill.js';
import { finishMove, undoMove } from './recover.js';

const why = 'its node was lost';
const restoreMs = 30 * 60_000;

/**
 * Starts a job whose node is lost on another one: the newest origin that works, on the best node that takes it. The same
 * two phases as a move, without a source. Must be called in the job's queue.
 */
export async function startElsewhere(
  context: HomeContext,
  job: HomeJob,
  origins: readonly Origin[],
  told: NodeId | null,
): Promise<MoveOutcome> {
  const id = job.record.job;
  const place = whereIs(job);
  if (!place) throw new RefusedError(`job ${id} has never been started`);
  const no = (reason: string): MoveOutcome => ({ moved: false, job: id, where: place.where, reason });
  // While this waited for its turn its node may have come back with it, or its user may have ended it.
  if (isOver(job.record)) return no(`job ${id} is over`);
  if (!job.record.stranded) return no(`job ${id} is on node ${place.where}, and not lost any more`);
  if (recoveryOf(job.journal.entries).kind !== 'nothing')
    return no(`an earlier start of job ${id} elsewhere waits to be finished or undone`);
  const trouble: string[] = [];
  await job.io.pause();
  try {
    for (const origin of origins) {
      const refused = new Map<NodeId, string>();
      for (let next = told ?? bestNode(context, job, refused); next !== null;) {
        const node = next;
        try {
          return { moved: true, job: id, record: await attempt(context, job, origin, place.where, node) };
        } catch (error) {
          trouble.push(`${nameOf(origin)} on node ${node}: ${messageOf(error)}`);
          // What is open in the journal comes first (recover.ts): committed, or not undone yet.
          if (recoveryOf(job.journal.entries).kind !== 'nothing') throw error;
          if (error instanceof DamagedImage) {
            if (origin.kind === 'image') job.care.damagedImages.add(origin.image.sequence);
            break;
          }
          refused.set(node, messageOf(error));
        }
        next = told === null ? bestNode(context, job, refused) : null;
      }
    }
  } finally {
    job.moving = null;
  }
  const reason = trouble.join('; ') || 'no node is up that could take it';
  context.history.add({ event: 'waits', ...placeInHistory(job), reason });
  return no(reason);
}

function nameOf(origin: Origin): string {
  return origin.kind === 'start' ? 'from the beginning' : `image ${origin.image.sequence}`;
}

function bestNode(context: HomeContext, job: HomeJob, refused: ReadonlyMap<NodeId, string>): NodeId | null {
  const open = context.nodes.ids().filter((node) => !refused.has(node));
  if (open.length === 0) return null;
  try {
    return placeBest(context, job, null, refused).node;
  } catch {
    return null;
  }
}

async function attempt(
  context: HomeContext,
  job: HomeJob,
  origin: Origin,
  from: NodeId,
  to: NodeId,
): Promise<MoveRecord> {
  const generation = nextGeneration(job.journal.entries, whereIs(job) ?? { generation: 0 });
  const driver: DriverName = origin.kind === 'start' ? 'restart' : origin.image.driver;
  const move = { from, to, generation, why, isLost: true } as const;
  const target = context.nodes.access(to);
  job.moving = { to, step: 'recover', generation };
  await job.journal.append({ step: 'claim', generation, atMs: Date.now() });
  if (to === from) await clearAway(job, target, generation);
  try {
    await prepare(context, job, target, { to, generation, driver, origin });
    await job.journal.append({ step: 'begin', ...move, driver, dirShared: false, atMs: Date.now() });
  } catch (error) {
    // It may have made room all the same; one that is away hears of it at its next link-up.
    const ref = { job: job.record.job, generation };
    await target.call('guest.discard', { ...ref, keepDir: false }).catch(() => undefined);
    throw error;
  }
  await reach('home begun recovery');
  context.history.add({ event: 'recovering', ...placeInHistory(job), to, reason: nameOf(origin) });
  const beganMs = performance.now();
  let filled: Filled;
  try {
    filled = await fill(context, job, target, generation, origin);
    if (filled.carried)
      await saveCarried(context.homes.store.dirOf(job.record.job), filled.carried, generation);
    await reach('home filled');
    await target.call('guest.restore', { job: job.record.job, generation, driver }, { timeoutMs: restoreMs });
    await job.journal.append({ step: 'commit', generation, atMs: Date.now() });
  } catch (error) {
    await undoMove(context, job, move, messageOf(error));
    throw error;
  }
  await reach('home committed recovery');
  await target.call('guest.continue', { job: job.record.job, generation, driver }, { timeoutMs: 60_000 });
  const frozenMs = performance.now() - beganMs;
  return finishMove(context, job, move, { frozenMs, bytes: filled.bytes, driver, dirShared: false });
}

/** The node that lost it may take it again, when nothing of it runs there. */
async function clearAway(job: HomeJob, node: NodeAccess, generation: number): Promise<void> {
  const guests = await node.call('guest.list', {});
  const left = guests.find((guest) => guest.job === job.record.job);
  if (left && left.phase !== 'ended') throw new Refusal(`it is ${left.phase} there`);
  if (left && left.rebooted !== true) throw new Refusal('it has ended there, and is collected');
  await node.call('guest.discard', { job: job.record.job, generation, keepDir: false });
}

async function prepare(
  context: HomeContext,
  job: HomeJob,
  target: NodeAccess,
  { to, generation, driver, origin }: { to: NodeId; generation: number; driver: DriverName; origin: Origin },
): Promise<void> {
  const { spec, carried, jobsRoot } = job.record;
  const isHome = to === context.nodes.self;
  const requirements = origin.kind === 'image' ? origin.image.requirements : plainRequirements;
  const ask = (cwdProbe: unknown): Promise<{ readonly refused: string | null }> =>
    target.call(
      'guest.prepare',
      {
        job: job.record.job,
        generation,
        you: to,
        spec,
        jobsRoot,
        carried,
        homecoming: isHome,
        dirProbe: null,
        cwdProbe,
        move: { driver, requirements },
      },
      { timeoutMs: 60_000 },
    );
  const { refused } = carried || isHome ? await ask(null) : await withProbe(spec.folder.cwd, ask);
  if (refused !== null) throw new Refusal(refused);
  job.care.leaseGivenMs = performance.now();
}

/** A job that starts from the beginning asks of a node hardly anything. */
const plainRequirements = {
  driver: 'restart',
  cpuFlags: [],
  arch: arch(),
  files: [],
  rssKib: 0,
  pids: [],
  criuVersion: null,
};
