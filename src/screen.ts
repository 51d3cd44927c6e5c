import { pathToFileURL } from 'node:url';
import * as layout from 'yoga-layout';
import { runPlain } from './commands/run-command.js';
import { runMosmon } from './commands/mosmon.js';
import { programPath } from './program-path.js';

const argv = process.argv.slice(2);

/** Polling over SSH needs more than a screen: the whole program has it. */
export const goOnWith: string | null = argv.some((word) => word.startsWith('--map'))
  ? pathToFileURL(programPath()).href
  : null;

if (goOnWith === null) {
  void runPlain('mosmon', async () => {
    await (layout as { readonly ready?: Promise<void> }).ready;
    await runMosmon(argv);
  });
}
