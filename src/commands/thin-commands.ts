import type { CommandTable } from './command-table.js';
import { migrate } from './migrate.js';
import { runMosctl } from './mosctl.js';
import { mps } from './mps.js';
import { wrapperNamed, wrapperNames } from './mosrun/wrappers.js';
import { runCommand } from './run-command.js';
import { stop } from './stop.js';

const wrapperCommands: CommandTable = Object.fromEntries(
  wrapperNames.map((name) => [
    name,
    {
      describe: inTheList(wrapperNamed(name).describe),
      start: async (argv: readonly string[]) => (await import('./mosrun.js')).runWrapper(name, argv),
    },
  ]),
);

/** The commands that talk to mosd and print. Nothing large may be reached from here: they start up from one small file. */
export const thinCommands: CommandTable = {
  mosrun: {
    describe: 'start a command on the best node',
    start: async (argv) => (await import('./mosrun.js')).runMosrun(argv),
  },
  ...wrapperCommands,
  omsh: {
    describe: 'sh, whose commands run on the best node: make SHELL=omsh',
    start: async (argv) => (await import('./omsh.js')).runOmsh(argv),
  },
  mosctl: { describe: 'look at nodes and set how this one behaves', start: runMosctl },
  migrate: { describe: 'send a job to another node', start: (argv) => runCommand(migrate, argv) },
  mps: { describe: 'list the jobs and where they run', start: (argv) => runCommand(mps, argv) },
  stop: { describe: 'end mosd; jobs go on', start: (argv) => runCommand(stop, argv) },
};

function inTheList(describe: string): string {
  return describe.charAt(0).toLowerCase() + describe.slice(1).replace(/\.$/, '');
}
