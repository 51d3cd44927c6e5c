import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobExit } from '../../core/cluster-map.js';
import { messageOf } from '../../errors.js';
import { planBringHome } from '../../jobs/staging/carry.js';
import { applyHomecoming, type HomecomingResult } from '../../jobs/staging/homecoming.js';
import { receiveTree } from '../../jobs/staging/receive-tree.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import { newTicket } from '../channel-tickets.js';
import type { JobEnd } from '../io-server.js';
import type { NodeAccess } from '../node-access.js';
import { emptyManifest } from '../../jobs/staging/manifest.js';
import { fault } from './fault.js';
import { loadCarried } from './carried.js';
import type { HomeContext } from './homes.js';
import { placeInHistory, whereIs, type HomeJob } from './job.js';
import { dropImages } from './take-checkpoint.js';
import { listRemote } from './transfer.js';

const retryMs = 2_000;
/** A node whose mosd is just being started again is no news for the user. */
const tellAfterAttempts = 15;
const hourMs = 3_600_000;
const maxEntries = 1_000_000;

/** The job has ended and its output is here: its files come home, its node forgets it, the deputy hears of it. */
export async function collect(context: HomeContext, job: HomeJob, end: JobEnd): Promise<void> {
  const { homes } = context;
  await homes.changeAtLast(job, { phase: 'collecting', exit: end.exit, messages: end.messages });
  for (let told = '', attempt = 1; ; attempt++) {
    try {
      await homes.queue.run(job.record.job, () => collectOnce(context, job));
      break;
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== told) fault(context, job, null, `its files can't come home yet: ${trouble}`, 'waits');
      told = trouble;
      if (attempt === tellAfterAttempts)
        await homes.notice(job, `its files can't come home yet: ${trouble}; they do when that is mended`);
      job.isUnreachable = true;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  job.isUnreachable = false;
  await homes.changeAtLast(job, { phase: 'done', endedAtMs: Date.now() });
  context.history.add({ event: 'ended', ...placeInHistory(job), reason: exitText(end.exit) });
  await forgetGuest(context, job);
  await job.io.close();
  job.settleOver(end);
  await dropImages(context, job);
  await homes.prune();
}

export function exitText(exit: JobExit): string {
  if (exit.kind === 'code') return `exit code ${exit.code}`;
  return exit.kind === 'signal' ? `killed by ${exit.signal}` : exit.reason;
}

async function collectOnce(context: HomeContext, job: HomeJob): Promise<void> {
  const place = whereIs(job);
  if (!place) return;
  const node = context.nodes.access(place.where);
  if (job.record.carried) {
    const result = await bringHome(context, job, node, place.generation);
    for (const text of noticesOf(result)) {
      context.history.add({ event: 'fault', ...placeInHistory(job), reason: text });
      await context.homes.notice(job, text);
    }
  }
}

/** The record says that it is over: a node that can't be told now is told at its next link-up (reconcile). */
async function forgetGuest(context: HomeContext, job: HomeJob): Promise<void> {
  const place = whereIs(job);
  if (!place) return;
  await context.nodes
    .access(place.where)
    .call('guest.forget', { job: job.record.job, generation: place.generation, keepDir: false })
    .catch((error: unknown) =>
      fault(context, job, place.where, `its rest is not removed yet: ${messageOf(error)}`),
    );
}

async function bringHome(
  context: HomeContext,
  job: HomeJob,
  node: NodeAccess,
  generation: number,
): Promise<HomecomingResult> {
  const dir = context.homes.store.dirOf(job.record.job);
  const ref = { job: job.record.job, part: 'cwd', generation } as const;
  const carried = await loadCarried(dir, job.journal.entries);
  const now = await listRemote(node, ref);
  const plan = planBringHome({ carried, now, out: job.record.spec.folder.carryOut });
  const staging = join(dir, 'incoming');
  await mkdir(staging, { recursive: true, mode: 0o700 });
  if (plan.bring.length > 0) {
    const ticket = newTicket();
    const channel = await node.open({ open: 'bulk', ticket });
    channel.on('error', () => undefined);
    const sending = node.call(
      'files.send',
      { ...ref, known: emptyManifest(), only: plan.bring.map((entry) => entry.path), ticket, skipBefore: {} },
      { timeoutMs: hourMs },
    );
    sending.catch(() => channel.destroy());
    await Promise.all([
      sending,
      receiveTree({
        root: staging,
        input: channel,
        limitBytes: plan.bytes * 2 + 1024 * 1024,
        limitEntries: maxEntries,
      }),
    ]).finally(() => channel.destroy());
  }
  const home = job.record.spec.folder.cwd;
  // Two jobs of one folder that end at once: the second has to see what the first put there.
  const result = await context.homes.queue.run(`folder ${home}`, () =>
    applyHomecoming({ home, staging, plan, carried, job: job.record.job }),
  );
  await removeTree(staging);
  return result;
}

function noticesOf(result: HomecomingResult): readonly string[] {
  return [
    ...result.conflicts.map(({ path, storedAs }) =>
      storedAs === null
        ? `${path} changed at home meanwhile: left as it is`
        : `${path} changed at home meanwhile: the job's version is ${storedAs}`,
    ),
    ...result.failed.map(({ path, reason }) => `${path} did not come home: ${reason}`),
  ];
}
