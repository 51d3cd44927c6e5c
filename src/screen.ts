import * as layout from 'yoga-layout';
import { runPlain } from './commands/run-command.js';
import { runMosmon } from './commands/mosmon.js';

const argv = process.argv.slice(2);

/** Polling over SSH needs more than a screen: the whole program has it. */
export const isForProgram = argv.some((word) => word.startsWith('--map'));

if (!isForProgram) {
  void runPlain('mosmon', async () => {
    await (layout as { readonly ready?: Promise<void> }).ready;
    await runMosmon(argv);
  });
}
