import { version } from '../version.js';
import type { CommandTable } from './command-table.js';
import { print } from './output.js';
import { refuseCommandLine } from './run-command.js';

/** `moskit` without the name of a command: lists them, or says that there is no such one. */
export function runMoskit(name: string | undefined, commands: CommandTable): void {
  if (name === '--version') {
    print(`moskit ${version}`);
  } else if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    print(overview(commands));
  } else {
    refuseCommandLine(`moskit: no command '${name}'\n${overview(commands)}`);
  }
}

function overview(commands: CommandTable): string {
  const lines = Object.entries(commands).map(([name, { describe }]) => `  ${name.padEnd(9)} ${describe}`);
  return ['usage: moskit COMMAND [arguments]', '', ...lines, '', 'moskit COMMAND --help says more.'].join(
    '\n',
  );
}
