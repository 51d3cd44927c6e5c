import { pathToFileURL } from 'node:url';
import { calledAs, entryOf } from './commands/command-table.js';
import { runPlain } from './commands/run-command.js';
import { thinCommands } from './commands/thin-commands.js';
import { programPath } from './program-path.js';

/** The thin commands from a small file; what is none of them is left to the whole program, which looks at the name again. */
async function runTool(): Promise<void> {
  const { name, argv } = calledAs(process.argv);
  const entry = entryOf(thinCommands, name);
  if (entry) await entry.start(argv);
  else await import(pathToFileURL(programPath()).href);
}

void runPlain('moskit', runTool);
