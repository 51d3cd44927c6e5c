import { adminEntries } from '../../core/hpc/admin-entries.js';
import type { Admin } from '../../core/cluster-map.js';
import { speedOfProcessor } from '../../core/yard.js';
import { UsageError } from '../../errors.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { givenNode } from '../given-nodes.js';
import { onNodes, onOption } from './on-nodes.js';
import { changeAdmin } from './settings.js';

const overheads = ['movecost', 'linkspeed', 'iocost', 'migrantcost'] as const satisfies (keyof Admin)[];

export const gettune = command({
  name: 'mosctl gettune',
  operands: '',
  count: [0, 0],
  describe:
    'The overheads that the balancer counts with: a move, a link, files away from home, a cold cache.',
  options: { on: onOption, json: jsonOption },
  run: ({ options }, context) =>
    onNodes(options, context, {
      ask: async (mosd) => (await mosd.request('settings', {})).admin,
      text: (admin) =>
        overheads.map((name) => {
          const entry = adminEntries.find((candidate) => candidate.name === name);
          const unit = entry?.value.kind === 'whole' ? (entry.value.unit ?? '') : '';
          return `${name} ${admin[name]} ${unit}: ${entry?.help ?? ''}`;
        }),
      json: (admin) => Object.fromEntries(overheads.map((name) => [name, admin[name]])),
    }),
});

export const getyard = command({
  name: 'mosctl getyard',
  operands: '',
  count: [0, 0],
  describe: 'The yardstick: the speed of the processor on which one process shows as a load of 100.',
  options: { on: onOption, json: jsonOption },
  run: ({ options }, context) =>
    onNodes(options, context, {
      ask: async (mosd) => (await mosd.request('settings', {})).admin.sspeed,
      text: (sspeed) => [`${sspeed}`],
      json: (sspeed) => ({ sspeed }),
    }),
});

export const setyard = command({
  name: 'mosctl setyard',
  operands: 'PROCESSOR|NODE|this',
  count: [1, 1],
  describe:
    'Set the yardstick that loads are shown by: a processor (standard, PIII/1GHz), or the one of a node.',
  options: { on: onOption, json: jsonOption },
  run: async ({ options, operands: [yard = ''] }, context) =>
    changeAdmin(options, context, { sspeed: await speedOf(yard, context) }),
});

async function speedOf(yard: string, context: CommandContext): Promise<number> {
  const speed = speedOfProcessor(yard);
  if (speed !== null) return speed;
  const mosd = await context.mosd();
  const node = yard === 'this' ? (await mosd.request('ping', {})).node : await nodeOf(yard, context);
  const report = await mosd.request('report', { node });
  return Math.max(1, Math.round(report.speed));
}

async function nodeOf(text: string, context: CommandContext): Promise<number> {
  return givenNode(text, context).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`'${text}' is no processor and no node`, {
      hint: 'write standard, PIII/1GHz, 2600MHz, a node, or this',
    });
  });
}
