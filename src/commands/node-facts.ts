import { exitCodes } from '../exit-codes.js';
import { command } from './command.js';
import { ownFacts } from './doctor/own-facts.js';

/** What another node's `mosctl doctor` and `setpe --push` run here. */
export const nodeFacts = command({
  name: 'moskit node-facts',
  operands: '',
  count: [0, 0],
  describe: 'Print what this machine says of itself when it is examined, as JSON.',
  options: {},
  run: async (_given, context) => {
    context.printJson(await ownFacts(context));
    return exitCodes.done;
  },
});
