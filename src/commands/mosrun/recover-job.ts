import { isJobId, isNodeId, type JobId } from '../../core/ids.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandContext } from '../command.js';
import type { MosrunArguments } from './job-request.js';

/** `mosrun --recover JOB [NODE]`: a job whose node is lost goes on from an image of it. */
export async function recoverJob(
  { options, operands }: MosrunArguments,
  given: string,
  context: CommandContext,
): Promise<number> {
  const job = jobOf(given);
  const [node, ...more] = operands;
  if (more.length > 0) throw new UsageError(`--recover ${job} takes one node at most`);
  const to = node === undefined ? null : Number(node);
  if (to !== null && !isNodeId(to)) throw new UsageError(`'${String(node)}' is no node number`);
  const image = options.image === undefined ? null : Number(options.image);
  if (image !== null && !(Number.isSafeInteger(image) && image > 0))
    throw new UsageError(`--image ${String(options.image)} is no number of an image`);
  const mosd = await context.mosd();
  const outcome = await mosd.request(
    'recover',
    { job, to, image, isForced: options.force ?? false },
    { timeoutMs: Infinity },
  );
  mosd.close();
  if (!outcome.moved) {
    context.note(`job ${job} could not be started: ${outcome.reason}`);
    return exitCodes.mosrunFailed;
  }
  context.print(`job ${job} goes on on node ${outcome.record.to}`);
  return exitCodes.done;
}

/** `mosrun --give-up JOB`: whoever waits for it gets to know that it is lost. */
export async function giveUp(given: string, context: CommandContext): Promise<number> {
  const job = jobOf(given);
  const mosd = await context.mosd();
  await mosd.request('giveUp', { job });
  mosd.close();
  return exitCodes.done;
}

function jobOf(text: string): JobId {
  if (isJobId(text)) return text;
  throw new UsageError(`${JSON.stringify(text)} is no job`, { hint: 'mosctl jobs lists them' });
}
