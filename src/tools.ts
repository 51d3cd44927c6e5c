import { pathToFileURL } from 'node:url';
import { calledAs, entryOf } from './commands/command-table.js';
import { thinCommands } from './commands/thin-commands.js';
import { programPath } from './program-path.js';

/** The thin commands from a small file; what is none of them is left to the whole program, which asks for the name again. */
const { name, argv } = calledAs(process.argv);
const entry = entryOf(thinCommands, name);
if (entry) await entry.start(argv);
else await import(pathToFileURL(programPath()).href);
