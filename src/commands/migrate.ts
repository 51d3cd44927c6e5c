import { isJobId } from '../core/ids.js';
import { UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import type { Destination } from '../protocol/messages.js';
import { command, jsonOption, type CommandContext } from './command.js';
import { givenNode } from './given-nodes.js';
import { describeOutcome } from './move-text.js';

export const migrate = command({
  name: 'migrate',
  operands: 'PID|JOB NODE|home|balance',
  count: [2, 2],
  describe:
    'Send a job to a node, to its home node, or to where the balancing likes it best; says what happened.',
  options: { json: jsonOption },
  run: async ({ options, operands: [target = '', to = ''] }, context) => {
    const whom = parseTarget(target);
    const mosd = await context.anyMosd();
    const destination = await parseDestination(to, context);
    // A big job takes as long as it takes; mosd gives up by itself when nothing moves any more.
    const outcome = await mosd.request('migrate', { target: whom, to: destination }, { timeoutMs: Infinity });
    if (options.json) context.printJson(outcome);
    else if (outcome.moved) context.print(describeOutcome(outcome));
    if (!outcome.moved) context.note(describeOutcome(outcome), outcome.explanation);
    return outcome.moved ? exitCodes.done : exitCodes.refused;
  },
});

function parseTarget(text: string): string | number {
  const isJob: boolean = isJobId(text);
  if (isJob) return text;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError(`'${text}' is neither a PID nor a job`, { hint: 'mps lists both' });
}

async function parseDestination(text: string, context: CommandContext): Promise<Destination> {
  return text === 'home' || text === 'balance' ? text : givenNode(text, context);
}
