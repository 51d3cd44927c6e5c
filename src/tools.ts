import { pathToFileURL } from 'node:url';
import { calledAs, entryOf } from './commands/command-table.js';
import { runPlain } from './commands/run-command.js';
import { thinCommands } from './commands/thin-commands.js';
import { programPath } from './program-path.js';

const { name = '', argv } = calledAs(process.argv);
const entry = entryOf(thinCommands, name);

/** Set for a command that is none of the thin ones: the whole program, which looks at the name again. */
export const goOnWith: string | null = entry ? null : pathToFileURL(programPath()).href;

if (entry) void runPlain(name, () => entry.start(argv));
