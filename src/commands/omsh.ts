import { exitCodes } from '../exit-codes.js';
import { command } from './command.js';
import { leaveAs } from './mosrun/leave-as.js';
import { runLocally } from './mosrun/local-run.js';
import { start } from './mosrun.js';
import { placeOf } from './omsh/place-of.js';
import { parseShellLine } from './omsh/shell-line.js';
import { runCommand } from './run-command.js';

const shell = '/bin/sh';

/**
 * openMosix's omsh: takes what sh takes, and runs it on the best node. So `make -j 12 SHELL=omsh` spreads a compile. What
 * is over in a moment, what starts further jobs itself (a make), and what reads its script from our stdin runs here.
 */
const omsh = command({
  name: 'omsh',
  operands: '[-c COMMAND [NAME [ARGUMENT …]] | SCRIPT [ARGUMENT …]]',
  count: [0, Infinity],
  options: {},
  stopsAtOperand: true,
  describe: 'sh whose commands run on the best node; with no command a shell here. make -j 12 SHELL=omsh',
  exitCodeOf: () => exitCodes.mosrunFailed,
  run: async ({ operands }, context) => {
    const argv = [shell, ...operands];
    const place = placeOf(parseShellLine(operands), context.env);
    if (place.kind === 'home') {
      const end = await runLocally(argv);
      if (end.kind === 'ended') return leaveAs(end.exit);
      context.note(end.message);
      return end.code;
    }
    return start({ options: place.options, operands: argv }, context, { isQuiet: true });
  },
});

/** sh's own options are sh's affair: only --help and --version, which sh has not, are ours. */
export function runOmsh(argv: readonly string[]): Promise<void> {
  const isAboutUs = argv.length === 1 && (argv[0] === '--help' || argv[0] === '--version');
  return runCommand(omsh, isAboutUs ? argv : ['--', ...argv]);
}
