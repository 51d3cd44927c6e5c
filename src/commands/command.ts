import type { InferredOptionTypes, Options } from 'yargs';
import type { MosdClient } from '../cluster/mosd-client.js';

/** An option in yargs' own words; `argument` names its value in the usage line. */
export type OptionSpec = Pick<Options, 'alias' | 'describe' | 'choices'> & {
  readonly type: 'boolean' | 'string' | 'number';
  readonly argument?: string;
  /** Its value may begin with a dash: `--sort -cpu`. */
  readonly mayBeginWithDash?: true;
};
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What the user wrote, after the check against the spec. */
export interface Arguments<Specs extends OptionSpecs> {
  readonly options: Readonly<InferredOptionTypes<Specs>>;
  readonly operands: readonly string[];
}

export interface CommandSpec<Specs extends OptionSpecs = OptionSpecs> {
  /** As the user types it: `mosctl isup`. */
  readonly name: string;
  /** The operands as the usage line shows them: `[NODE …]`. */
  readonly operands: string;
  /** Least and most operands. */
  readonly count: readonly [number, number];
  /** One line: what it does. */
  readonly describe: string;
  readonly options: Specs;
  /** What follows the first operand is not looked at (`mosrun ls -l`). */
  readonly stopsAtOperand?: boolean;
  /** …but after a first operand like this one options go on (`mosrun 3 -L ls -l`). */
  readonly readsOnAfter?: RegExp;
  /** `-off` is one option and not three (setpe). */
  readonly wordsWithOneDash?: boolean;
  /** What to exit with after an error, where that differs from the other tools (mosrun). */
  readonly exitCodeOf?: (error: unknown) => number;
}

/** What a command may use of the world. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  /** Columns of the terminal; null when stdout is none: then nothing is cut. */
  readonly columns: number | null;
  /** One line of the result. */
  print(line: string): void;
  /** The result as one JSON value. */
  printJson(value: unknown): void;
  /** A line for the user beside the result: stderr, `name: line`; with --debug, below it what explains it. */
  note(line: string, explanation?: readonly string[]): void;
  /** The user's mosd, started when need be, of a machine that is in a cluster; closed at the end of the command. */
  mosd(): Promise<MosdClient>;
  /** The same, also of a machine that has no map of its own and only takes in jobs of others. */
  anyMosd(): Promise<MosdClient>;
  /** The same if it runs already, in a cluster or not; else null. */
  runningMosd(): Promise<MosdClient | null>;
}

/** A command after its own types were sealed in: any command fits into one table. */
export interface Command {
  readonly spec: CommandSpec;
  /** Answers the exit code. */
  run(given: Arguments<OptionSpecs>, context: CommandContext): Promise<number>;
}

export function command<const Specs extends OptionSpecs>(
  spec: CommandSpec<Specs> & {
    readonly run: (given: Arguments<Specs>, context: CommandContext) => Promise<number>;
  },
): Command {
  return { spec, run: (given, context) => spec.run(given as Arguments<Specs>, context) };
}

/** The option that every command has. */
export const jsonOption = { type: 'boolean', describe: 'print the result as one JSON value' } as const;
