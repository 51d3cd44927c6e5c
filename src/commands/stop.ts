import { tryConnectMosd } from '../cluster/mosd-client.js';
import { exitCodes } from '../exit-codes.js';
import { command, jsonOption } from './command.js';

export const stop = command({
  name: 'moskit stop',
  operands: '',
  count: [0, 0],
  describe: 'End mosd of this user on this machine. Jobs go on; the next mosd adopts them.',
  options: { json: jsonOption },
  run: async ({ options }, context) => {
    const mosd = await tryConnectMosd({ start: false, env: context.env, anyVersion: true });
    if (mosd) {
      // mosd may close the link before its answer is out: either is what was asked for.
      await Promise.race([mosd.request('shutdown', {}), mosd.closed]);
      await mosd.closed;
    }
    if (options.json) context.printJson({ stopped: mosd !== null });
    else if (!mosd) context.note('mosd does not run');
    return exitCodes.done;
  },
});
