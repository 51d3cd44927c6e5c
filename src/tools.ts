import { calledAs, entryOf } from './commands/command-table.js';
import { isLargeVerb } from './commands/large-verbs.js';
import { runPlain } from './commands/run-command.js';
import { thinCommands } from './commands/thin-commands.js';

const { name = '', argv } = calledAs(process.argv);
const entry = isLargeVerb(name, argv) ? undefined : entryOf(thinCommands, name);

/** A command that is none of the thin ones is left to the whole program, which looks at the name again. */
export const isForProgram = entry === undefined;

if (entry) void runPlain(name, () => entry.start(argv));
