import type { MosdClient } from '../../cluster/mosd-client.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { MoveOutcome } from '../../protocol/messages.js';
import { command, jsonOption, type Command, type CommandContext } from '../command.js';
import { describeOutcome } from '../move-text.js';
import { onNodes, onOption } from './on-nodes.js';

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
      on: onOption,
      json: jsonOption,
    },
    run: async ({ options }, context) => {
      const timeoutMs = options.timeout === undefined ? dayMs : Math.round(options.timeout * 1000);
      if (timeoutMs < 1) throw new UsageError('--timeout needs more than 0 seconds');
      if (timeoutMs > dayMs) throw new UsageError('--timeout is at most a day, 86400 seconds');
      const stopProgress = options.on === undefined ? await startProgress(verb, kind, context) : null;
      return onNodes<readonly MoveOutcome[]>(options, context, {
        ask: async (mosd) => {
          const { outcomes } = await mosd
            .request(verb, { timeoutMs }, { timeoutMs: timeoutMs + 30_000 })
            .finally(stopProgress ?? undefined);
          return outcomes;
        },
        text: (outcomes) => outcomes.filter(({ moved }) => moved).map(describeOutcome),
        json: (outcomes) => ({ outcomes }),
        exitCode: (outcomes) => sayRest(outcomes, kind, options, context),
      });
    },
  });
}

function sayRest(
  outcomes: readonly MoveOutcome[],
  kind: Kind,
  { json }: { readonly json?: boolean | undefined },
  context: CommandContext,
): number {
  const stuck = outcomes.filter((outcome) => !outcome.moved);
  for (const outcome of stuck) context.note(describeOutcome(outcome), outcome.explanation);
  if (stuck.length > 0) context.note(`${jobs(stuck.length)} did not go home`);
  else if (!json) context.note(kind.done);
  return stuck.length > 0 ? exitCodes.refused : exitCodes.done;
}

async function startProgress(
  verb: 'bring' | 'expel',
  kind: Kind,
  context: CommandContext,
): Promise<() => void> {
  return reportProgress(await (verb === 'bring' ? context.mosd() : context.anyMosd()), kind, context);
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
