import { adminRanges } from '../../core/admin.js';
import type { Admin } from '../../core/cluster-map.js';
import { parseDuration } from '../../core/duration.js';
import { UsageError } from '../../errors.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { onNodes, onOption } from './on-nodes.js';

type OnOptions = Parameters<typeof onNodes>[0];

/** Silent, as openMosix's own commands; `--json` prints what then holds. */
export function changeAdmin(
  options: OnOptions,
  context: CommandContext,
  change: Partial<Admin>,
): Promise<number> {
  return onNodes(options, context, {
    ask: async (mosd) => (await mosd.request('setAdmin', { admin: change })).admin,
    text: () => [],
    json: (admin) =>
      Object.fromEntries((Object.keys(change) as (keyof Admin)[]).map((name) => [name, admin[name]])),
  });
}

export const setspeed = command({
  name: 'mosctl setspeed',
  operands: 'SPEED|auto',
  count: [1, 1],
  describe:
    'Set the speed of one processor of this node (10000 = the standard processor); auto = measure it.',
  options: { on: onOption, json: jsonOption },
  run: ({ options, operands: [value = ''] }, context) =>
    changeAdmin(
      options,
      context,
      value === 'auto'
        ? { speed: null, speedset: 0 }
        : { speed: wholeNumber('the speed', value, adminRanges.speed), speedset: 1 },
    ),
});

export const setcheckpoint = command({
  name: 'mosctl setcheckpoint',
  operands: 'TIME|off',
  count: [1, 1],
  describe: 'Make an image of each new job this often (10m), unless its mosrun says otherwise; off = none.',
  options: { on: onOption, json: jsonOption },
  run: ({ options, operands: [value = ''] }, context) => {
    const ms = value === 'off' ? 0 : parseDuration(value);
    if (ms === null) throw new UsageError(`'${value}' is no time`, { hint: 'write 90s, 10m, 1h or off' });
    return changeAdmin(options, context, { checkpoint: Math.round(ms / 1_000) });
  },
});

export function wholeNumber(what: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${what} is a whole number from ${least} to ${most}, not '${text}'`);
}
