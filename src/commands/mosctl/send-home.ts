import type { MosdClient } from '../../cluster/mosd-client.js';
import { RefusedError, UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { MoveOutcome } from '../../protocol/messages.js';
import { command, jsonOption, type Command, type CommandContext } from '../command.js';
import { describeOutcome } from '../move-text.js';

const dayMs = 24 * 3600 * 1000;
const progressMs = 2000;

/** `bring` waits until all jobs born here are home. */
export const bring = sendHome('bring', {
  describe: 'Bring home all jobs born here that run elsewhere. Sets lstay, and returns when all are back.',
  left: async (mosd) =>
    (await mosd.request('jobs', { all: false })).filter((job) => job.where !== job.home).length,
  waiting: (count) => `${jobs(count)} still away`,
  done: 'all jobs born here are home',
});

/** `expel` waits until all guests have left. */
export const expel = sendHome('expel', {
  describe: 'Send all guests home. Sets block, and returns when all have left.',
  left: async (mosd) => (await mosd.request('status', { fresh: false })).guests.length,
  waiting: (count) => `${jobs(count)} of other nodes still here`,
  done: 'no guests are here',
});

interface Kind {
  readonly describe: string;
  /** How many jobs are still on the wrong side. */
  readonly left: (mosd: MosdClient) => Promise<number>;
  readonly waiting: (count: number) => string;
  readonly done: string;
}

function sendHome(verb: 'bring' | 'expel', kind: Kind): Command {
  return command({
    name: `mosctl ${verb}`,
    operands: '',
    count: [0, 0],
    describe: kind.describe,
    options: {
      timeout: { type: 'number', argument: 'SECONDS', describe: 'give up after so long (default: a day)' },
      json: jsonOption,
    },
    run: async ({ options }, context) => {
      const timeoutMs = options.timeout === undefined ? dayMs : Math.round(options.timeout * 1000);
      if (timeoutMs < 1) throw new UsageError('--timeout needs more than 0 seconds');
      const mosd = await (verb === 'bring' ? context.mosd() : context.anyMosd());
      const stopProgress = reportProgress(mosd, kind, context);
      const { outcomes } = await mosd
        .request(verb, { timeoutMs }, { timeoutMs: timeoutMs + 30_000 })
        .finally(stopProgress);
      return printOutcomes(outcomes, kind, options.json === true, context);
    },
  });
}

function printOutcomes(
  outcomes: readonly MoveOutcome[],
  kind: Kind,
  json: boolean,
  context: CommandContext,
): number {
  const stuck = outcomes.filter((outcome) => !outcome.moved);
  if (json) context.printJson({ outcomes });
  else for (const outcome of outcomes) if (outcome.moved) context.print(describeOutcome(outcome));
  for (const outcome of stuck) context.note(describeOutcome(outcome));
  if (stuck.length > 0) throw new RefusedError(`${jobs(stuck.length)} did not go home`);
  if (!json) context.note(kind.done);
  return exitCodes.done;
}

/** Says on stderr how many jobs are left, whenever that changes. */
function reportProgress(mosd: MosdClient, kind: Kind, context: CommandContext): () => void {
  let said = -1;
  const look = async (): Promise<void> => {
    const count = await kind.left(mosd);
    if (count > 0 && count !== said) context.note(kind.waiting(count));
    said = count;
  };
  const timer = setInterval(() => void look().catch(() => undefined), progressMs);
  return () => clearInterval(timer);
}

function jobs(count: number): string {
  return count === 1 ? '1 job' : `${count} jobs`;
}
