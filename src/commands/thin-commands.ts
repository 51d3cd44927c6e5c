import type { CommandTable } from './command-table.js';
import { migrate } from './migrate.js';
import { runMosctl } from './mosctl.js';
import { mps } from './mps.js';
import { runCommand } from './run-command.js';
import { stop } from './stop.js';

/** The commands that talk to mosd and print. Nothing large may be reached from here: they start up from one small file. */
export const thinCommands: CommandTable = {
  mosrun: {
    describe: 'start a command on the best node',
    start: async (argv) => (await import('./mosrun.js')).runMosrun(argv),
  },
  mosctl: { describe: 'look at nodes and set how this one behaves', start: runMosctl },
  migrate: { describe: 'send a job to another node', start: (argv) => runCommand(migrate, argv) },
  mps: { describe: 'list the jobs and where they run', start: (argv) => runCommand(mps, argv) },
  stop: { describe: 'end mosd; jobs go on', start: (argv) => runCommand(stop, argv) },
};
