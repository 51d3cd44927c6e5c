import type { Admin, Flag } from '../../core/cluster-map.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption, type Command } from '../command.js';

type Switch = 'block' | 'stay' | 'lstay' | 'quiet';

const meanings: Readonly<Record<Switch, readonly [on: string, off: string]>> = {
  block: ['Refuse jobs that were born on other nodes.', 'Let jobs of other nodes in again.'],
  stay: ['No job leaves this node by itself.', 'Jobs may leave this node by themselves again.'],
  lstay: ['Jobs born here do not leave by themselves.', 'Jobs born here may leave by themselves again.'],
  quiet: ['Do not inform other nodes of the state of this one.', 'Inform the other nodes again.'],
};

/** block and noblock, and so on; `-block` is openMosix's other spelling of `noblock`. */
export const switchCommands: Readonly<Record<string, Command>> = Object.fromEntries(
  (Object.entries(meanings) as [Switch, readonly [string, string]][]).flatMap(([name, [on, off]]) => [
    [name, switchCommand(name, name, 1, on)],
    [`no${name}`, switchCommand(`no${name}`, name, 0, off)],
  ]),
);

function switchCommand(verb: string, name: Switch, flag: Flag, describe: string): Command {
  return command({
    name: `mosctl ${verb}`,
    operands: '',
    count: [0, 0],
    describe,
    options: { json: jsonOption },
    run: async ({ options }, context) => {
      const mosd = await context.anyMosd();
      const change: Partial<Admin> = { [name]: flag };
      const { admin } = await mosd.request('setAdmin', { admin: change });
      if (options.json) context.printJson({ [name]: admin[name] });
      return exitCodes.done;
    },
  });
}
