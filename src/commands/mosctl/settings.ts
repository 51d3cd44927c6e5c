import type { Admin } from '../../core/cluster-map.js';
import { parseDuration } from '../../core/duration.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption } from '../command.js';

export const setspeed = command({
  name: 'mosctl setspeed',
  operands: 'SPEED|auto',
  count: [1, 1],
  describe:
    'Set the speed of one processor of this node (10000 = the standard processor); auto = measure it.',
  options: { json: jsonOption },
  run: async ({ options, operands: [value = ''] }, context) => {
    const change: Partial<Admin> =
      value === 'auto'
        ? { speed: null, speedset: 0 }
        : { speed: wholeNumber('the speed', value, 1, 10_000_000), speedset: 1 };
    const { admin } = await (await context.anyMosd()).request('setAdmin', { admin: change });
    if (options.json) context.printJson({ speed: admin.speed, speedset: admin.speedset });
    return exitCodes.done;
  },
});

export const setcheckpoint = command({
  name: 'mosctl setcheckpoint',
  operands: 'TIME|off',
  count: [1, 1],
  describe: 'Make an image of each new job this often (10m), unless its mosrun says otherwise; off = none.',
  options: { json: jsonOption },
  run: async ({ options, operands: [value = ''] }, context) => {
    const ms = value === 'off' ? 0 : parseDuration(value);
    if (ms === null) throw new UsageError(`'${value}' is no time`, { hint: 'write 90s, 10m, 1h or off' });
    const change = { checkpoint: Math.round(ms / 1_000) };
    const { admin } = await (await context.anyMosd()).request('setAdmin', { admin: change });
    if (options.json) context.printJson({ checkpoint: admin.checkpoint });
    return exitCodes.done;
  },
});

export const getdecay = command({
  name: 'mosctl getdecay',
  operands: '',
  count: [0, 0],
  describe: 'How statistics fade: every interval of seconds, slow and fast per mille of them are kept.',
  options: { json: jsonOption },
  run: async ({ options }, context) => {
    const { admin } = await (await context.anyMosd()).request('map', {});
    const { decayinterval, slowdecay, fastdecay } = admin;
    if (options.json) context.printJson({ decayinterval, slowdecay, fastdecay });
    else context.print(`interval ${decayinterval} s, slow ${slowdecay}, fast ${fastdecay} per mille`);
    return exitCodes.done;
  },
});

export const setdecay = command({
  name: 'mosctl setdecay',
  operands: 'INTERVAL [SLOW FAST]',
  count: [1, 3],
  describe: 'Set how statistics fade: INTERVAL in seconds, SLOW and FAST per mille kept of them each time.',
  options: { json: jsonOption },
  run: async ({ options, operands: [interval = '', slow, fast] }, context) => {
    if (slow !== undefined && fast === undefined)
      throw new UsageError('setdecay needs SLOW and FAST together');
    const change: Partial<Admin> = {
      decayinterval: wholeNumber('the interval', interval, 1, 3600),
      ...(slow === undefined || fast === undefined
        ? {}
        : { slowdecay: wholeNumber('SLOW', slow, 0, 1000), fastdecay: wholeNumber('FAST', fast, 0, 1000) }),
    };
    const { admin } = await (await context.anyMosd()).request('setAdmin', { admin: change });
    const { decayinterval, slowdecay, fastdecay } = admin;
    if (options.json) context.printJson({ decayinterval, slowdecay, fastdecay });
    return exitCodes.done;
  },
});

function wholeNumber(what: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${what} is a whole number from ${least} to ${most}, not '${text}'`);
}
