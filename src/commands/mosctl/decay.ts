import { adminRanges } from '../../core/admin.js';
import type { DecayRates } from '../../core/decay.js';
import { decayPresets, explainDecay, presetOf } from '../../core/decay-presets.js';
import { UsageError } from '../../errors.js';
import { command, jsonOption } from '../command.js';
import { onNodes, onOption } from './on-nodes.js';
import { changeAdmin, wholeNumber } from './settings.js';

export const getdecay = command({
  name: 'mosctl getdecay',
  operands: '',
  count: [0, 0],
  describe: 'How statistics fade: every interval of seconds, slow and fast per mille of them are kept.',
  options: { on: onOption, json: jsonOption },
  run: ({ options }, context) =>
    onNodes(options, context, {
      ask: async (mosd): Promise<DecayRates> => {
        const { decayinterval, slowdecay, fastdecay } = (await mosd.request('settings', {})).admin;
        return { decayinterval, slowdecay, fastdecay };
      },
      text: (rates) => {
        const preset = presetOf(rates);
        return [
          `interval ${rates.decayinterval} s, slow ${rates.slowdecay}, fast ${rates.fastdecay} per mille` +
            (preset === null ? '' : ` (${preset})`),
          explainDecay(rates),
        ];
      },
      json: (rates) => rates,
    }),
});

const presetNames = Object.keys(decayPresets).join('|');

export const setdecay = command({
  name: 'mosctl setdecay',
  operands: `INTERVAL [SLOW FAST]|${presetNames}`,
  count: [1, 3],
  describe: 'Set how statistics fade: INTERVAL in seconds, SLOW and FAST per mille kept of them each time.',
  options: { on: onOption, json: jsonOption },
  run: ({ options, operands }, context) => changeAdmin(options, context, ratesOf(operands)),
});

function ratesOf([interval = '', slow, fast]: readonly string[]): Partial<DecayRates> {
  if (Object.hasOwn(decayPresets, interval)) {
    if (slow !== undefined) throw new UsageError(`${interval} is a preset: no numbers follow it`);
    return decayPresets[interval]!;
  }
  if (slow !== undefined && fast === undefined) throw new UsageError('setdecay needs SLOW and FAST together');
  return {
    decayinterval: wholeNumber('the interval', interval, adminRanges.decayinterval),
    ...(slow === undefined || fast === undefined
      ? {}
      : {
          slowdecay: wholeNumber('SLOW', slow, adminRanges.slowdecay),
          fastdecay: wholeNumber('FAST', fast, adminRanges.fastdecay),
        }),
  };
}
