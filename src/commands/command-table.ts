import { basename } from 'node:path';

export interface TableEntry {
  readonly describe: string;
  readonly start: (argv: readonly string[]) => Promise<unknown>;
}
export type CommandTable = Readonly<Record<string, TableEntry>>;

export interface Called {
  /** Undefined when `moskit` stands alone. */
  readonly name: string | undefined;
  readonly argv: readonly string[];
}

/** The command is the name that the program was called by, or for `moskit` its first argument. */
export function calledAs(processArgv: readonly string[]): Called {
  const own = basename(processArgv[1] ?? '').replace(/\.m?js$/, '');
  if (isProgramFile(own)) return { name: processArgv[2], argv: processArgv.slice(3) };
  return { name: own, argv: processArgv.slice(2) };
}

/** The names of the files of dist/ and of the command that takes all others as its argument. */
function isProgramFile(name: string): boolean {
  return /^(moskit|tools|main)$/.test(name) || name.startsWith('moskit-');
}

export function entryOf(table: CommandTable, name: string | undefined): TableEntry | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
