import * as layout from 'yoga-layout';
import { calledAs } from './commands/command-table.js';
import { runPlain } from './commands/run-command.js';
import { runMosmon } from './commands/mosmon.js';
import { runMtop } from './commands/mtop.js';

const { name, argv } = calledAs(process.argv);

/** Polling over SSH needs more than a screen: the whole program has it. */
export const isForProgram = argv.some((word) => word.startsWith('--map'));

if (!isForProgram) {
  void runPlain(name ?? 'mosmon', async () => {
    await (layout as { readonly ready?: Promise<void> }).ready;
    await (name === 'mtop' ? runMtop(argv) : runMosmon(argv));
  });
}
