import type { HpcChange } from '../../core/hpc/entry.js';
import { RefusedError, UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { describeOutcome } from '../move-text.js';
import { onNodes, onOption, type AskMosd } from './on-nodes.js';
import { leafAt, pathGiven, viewFor } from './tree-view.js';

const dayMs = 24 * 3600 * 1000;

/** What was done, as it goes into `--json`, and lines for the user. */
interface Done {
  readonly lines: readonly string[];
  readonly answer: unknown;
}

const silent: Done = { lines: [], answer: {} };

export const set = command({
  name: 'mosctl set',
  operands: 'PATH VALUE',
  count: [2, 2],
  describe:
    'Write one value of the tree: admin/block 1, PID/goto 3, PID/goto home. /proc/hpc/… is taken, too.',
  options: { on: onOption, json: jsonOption },
  run: async ({ options, operands: [text = '', value = ''] }, context) => {
    const path = pathGiven(text, context);
    return onNodes(options, context, {
      ask: async (mosd) => {
        const written = leafAt(path, await viewFor(path, mosd)).write(value);
        if (!written.ok) throw new UsageError(written.problem);
        return carryOut(written.change, mosd, context);
      },
      text: ({ lines }) => lines,
      json: ({ answer }) => answer,
      exitCode: () => exitCodes.done,
    });
  },
});

async function carryOut(change: HpcChange, mosd: AskMosd, context: CommandContext): Promise<Done> {
  switch (change.kind) {
    case 'nothing':
      return silent;
    case 'admin': {
      const { admin } = await mosd.request('setAdmin', { admin: change.change });
      const names = Object.keys(change.change) as (keyof typeof admin)[];
      return { lines: [], answer: Object.fromEntries(names.map((name) => [name, admin[name]])) };
    }
    case 'decay': {
      const { decay } = await mosd.request('settings', {});
      await mosd.request('setDecay', { decay: { ...decay, ...change.change } });
      return { lines: [], answer: { ...decay, ...change.change } };
    }
    case 'mospe': {
      const { config } = await (await context.anyMosd()).request('map', {});
      await mosd.request('setConfig', { config, mospe: change.mospe });
      return { lines: [], answer: { mospe: change.mospe } };
    }
    case 'job':
      await mosd.request('setJob', { target: change.target, change: change.change });
      return { lines: [], answer: change.change };
    case 'migrate':
      return migrate(change, mosd);
    case 'sendHome':
      return sendHome(change.verb, mosd);
  }
}

async function migrate(
  { target, to }: Extract<HpcChange, { kind: 'migrate' }>,
  mosd: AskMosd,
): Promise<Done> {
  const outcome = await mosd.request('migrate', { target, to }, { timeoutMs: Infinity });
  if (!outcome.moved) throw new RefusedError(describeOutcome(outcome));
  return { lines: [describeOutcome(outcome)], answer: outcome };
}

async function sendHome(verb: 'bring' | 'expel', mosd: AskMosd): Promise<Done> {
  const { outcomes } = await mosd.request(verb, { timeoutMs: dayMs }, { timeoutMs: dayMs });
  const stuck = outcomes.filter(({ moved }) => !moved);
  if (stuck.length > 0) throw new RefusedError(stuck.map(describeOutcome).join('\n'));
  return { lines: outcomes.map(describeOutcome), answer: { outcomes } };
}
