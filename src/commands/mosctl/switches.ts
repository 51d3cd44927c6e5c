import type { Admin } from '../../core/cluster-map.js';
import { command, jsonOption, type Command } from '../command.js';
import { onOption } from './on-nodes.js';
import { changeAdmin } from './settings.js';

type Switch = 'block' | 'stay' | 'lstay' | 'quiet' | 'nomfs';

/** Verb, what it sets, and what it says. */
const switches: readonly (readonly [verb: string, name: Switch, value: 0 | 1, describe: string])[] = [
  ['block', 'block', 1, 'Refuse jobs that were born on other nodes.'],
  ['noblock', 'block', 0, 'Let jobs of other nodes in again.'],
  ['stay', 'stay', 1, 'No job leaves this node by itself.'],
  ['nostay', 'stay', 0, 'Jobs may leave this node by themselves again.'],
  ['lstay', 'lstay', 1, 'Jobs born here do not leave by themselves.'],
  ['nolstay', 'lstay', 0, 'Jobs born here may leave by themselves again.'],
  ['quiet', 'quiet', 1, 'Do not inform other nodes of the state of this one.'],
  ['noquiet', 'quiet', 0, 'Inform the other nodes again.'],
  ['mfs', 'nomfs', 0, 'Let files of this node go along with jobs to other nodes again.'],
  ['nomfs', 'nomfs', 1, 'Files of this node do not go along with jobs: no working folder is carried.'],
];

/** block and noblock, and so on; `-block` is openMosix's other spelling of `noblock`. */
export const switchCommands: Readonly<Record<string, Command>> = Object.fromEntries(
  switches.map(([verb, name, value, describe]) => [
    verb,
    command({
      name: `mosctl ${verb}`,
      operands: '',
      count: [0, 0],
      describe,
      options: { on: onOption, json: jsonOption },
      run: ({ options }, context) => {
        const change: Partial<Admin> = { [name]: value };
        return changeAdmin(options, context, change);
      },
    }),
  ]),
);
