import { protectionOf } from '../../core/job-spec.js';
import type { NodeId } from '../../core/ids.js';
import { mayGoBack } from '../../core/protection.js';
import { recoveryOf } from '../../core/relocation.js';
import { RefusedError } from '../../errors.js';
import type { MoveOutcome } from '../../protocol/messages.js';
import { homeOfDaemon, type Daemon } from '../context.js';
import type { HomeContext } from '../home/homes.js';
import { isOver, whereIs, type HomeJob } from '../home/job.js';
import { giveUp as giveUpJob, strand } from '../home/node-loss.js';
import type { Origin } from '../home/fill.js';
import { recoverStranded } from '../home/tend.js';

/** `mosrun --recover`: what a rule does by itself, asked for by a person. */
export async function recover(
  daemon: Daemon,
  given: {
    readonly job: string;
    readonly to: NodeId | null;
    readonly image: number | null;
    readonly isForced: boolean;
  },
): Promise<MoveOutcome> {
  const home = homeOfDaemon(daemon);
  const job = home.homes.get(given.job);
  if (isOver(job.record)) throw new RefusedError(`job ${given.job} is over`);
  if (given.to !== null && !home.nodes.has(given.to))
    throw new RefusedError(`node ${given.to} is not in the map`);
  const origins = originsFor(job, given.image);
  const { busy } = job.care;
  job.care.busy = true; // what a person asks for comes before what the job's own rule would do
  try {
    return await recoverNow(home, job, origins, given);
  } finally {
    job.care.busy = busy;
  }
}

async function recoverNow(
  home: HomeContext,
  job: HomeJob,
  origins: readonly Origin[],
  given: { readonly to: NodeId | null; readonly isForced: boolean },
): Promise<MoveOutcome> {
  if (!job.record.stranded || recoveryOf(job.journal.entries).kind !== 'nothing')
    await makeSureItIsLost(home, job, given.isForced);
  return recoverStranded(home, job, origins, given.to);
}

function originsFor(job: HomeJob, image: number | null): readonly Origin[] {
  const { spec } = job.record;
  const images = job.images
    .filter(({ sequence }) => image === null || sequence === image)
    .map((found): Origin => ({ kind: 'image', image: found }));
  const protection = protectionOf(spec);
  const hasInput = spec.stdin === 'none' || mayGoBack(protection);
  const mayBegin = protection.onNodeLoss !== 'hold' || (spec.relocation.restartable && hasInput);
  if (image === null && mayBegin) return [...images, { kind: 'start' }];
  if (images.length > 0) return images;
  const has = job.images.map(({ sequence }) => sequence).join(', ') || 'none';
  throw new RefusedError(`job ${job.record.job} has no ${image === null ? 'image' : `image ${image}`}`, {
    hint: `images: ${has}. They are made with mosrun --checkpoint; a job that was given --restartable can begin anew`,
  });
}

/** A node that is merely cut off still runs the job: only a person can know. */
async function makeSureItIsLost(home: HomeContext, job: HomeJob, isForced: boolean): Promise<void> {
  const id = job.record.job;
  const node = whereIs(job)?.where;
  if (node === undefined) throw new RefusedError(`job ${id} has not been started yet`);
  if (node === home.nodes.self || home.nodes.view(node, performance.now()).state === 'up')
    throw new RefusedError(`job ${id} is on node ${node}, which answers: there is nothing to recover`);
  if (!isForced)
    throw new RefusedError(
      `node ${node} does not answer; if it is only cut off, job ${id} still runs there`,
      {
        hint: `when you know that the machine is off: mosrun --recover ${id} --force`,
      },
    );
  job.care.isGivenUp = true; // a move that waits for that node waits no longer
  try {
    await home.homes.queue.run(id, async () => {
      if (!job.record.stranded && !isOver(job.record))
        await strand(home, job, `node ${node} is off, as its user says`);
    });
  } finally {
    job.care.isGivenUp = false;
  }
}

export async function giveUp(
  daemon: Daemon,
  { job: id }: { readonly job: string },
): Promise<Record<string, never>> {
  const home = homeOfDaemon(daemon);
  const job = home.homes.get(id);
  if (!job.record.stranded)
    throw new RefusedError(`job ${id} does not wait for a lost node`, {
      hint: 'to end a job: kill its mosrun',
    });
  const { reason } = job.record.stranded;
  await home.homes.queue.run(id, () => giveUpJob(home, job, { kind: 'unknown', reason }, 'as its user says'));
  return {};
}
