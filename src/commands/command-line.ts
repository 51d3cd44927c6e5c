import parse from 'yargs-parser';
import type { Arguments, CommandSpec, OptionSpec, OptionSpecs } from './command.js';

/**
 * yargs' parser without the rest of yargs: loading all of it costs a quarter of the whole run of `mosctl isup`. The
 * specs are yargs', and this is the one place that reads a command line.
 */
export type ReadLine =
  | { readonly kind: 'run'; readonly given: Arguments<OptionSpecs>; readonly debug: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly message: string };

/** Options that every command knows. `-h` is free for a command that wants it: mosrun's means home. */
export const commonOptions = {
  help: { type: 'boolean', alias: 'h', describe: 'print this' },
  version: { type: 'boolean', describe: 'print the version' },
  debug: { type: 'boolean', describe: 'explain an error step by step (or MOSKIT_DEBUG=1)' },
} as const satisfies OptionSpecs;

export function optionsOf(spec: CommandSpec): OptionSpecs {
  const ownsH = Object.entries(spec.options).some(([name, option]) => name === 'h' || option.alias === 'h');
  const help: OptionSpec = { type: 'boolean', describe: commonOptions.help.describe };
  return { ...spec.options, ...commonOptions, ...(ownsH ? { help } : {}) };
}

export function readCommandLine(spec: CommandSpec, argv: readonly string[]): ReadLine {
  const line = readOnce(spec, argv);
  if (line.kind !== 'run' || !spec.readsOnAfter) return line;
  const { options, operands } = line.given;
  const [first = '', next = ''] = operands;
  if (!spec.readsOnAfter.test(first) || next === '--' || !next.startsWith('-')) return line;
  const more = readOnce(spec, operands.slice(1));
  if (more.kind !== 'run') return more;
  const given = {
    options: { ...options, ...more.given.options },
    operands: [first, ...more.given.operands],
  };
  return { kind: 'run', given, debug: line.debug || more.debug };
}

function readOnce(spec: CommandSpec, argv: readonly string[]): ReadLine {
  const options = optionsOf(spec);
  const parsed = parse.detailed(withSpaces(spec, options, argv), parserOptions(spec, options));
  const { _: plain, '--': behind, ...found } = parsed.argv as Found;
  if (found['help'] === true) return { kind: 'help' };
  if (found['version'] === true) return { kind: 'version' };
  const problem = checkOptions(options, found, argv) ?? missingValue(parsed.error);
  if (problem !== null) return { kind: 'wrong', message: problem };
  const operands = [...plain, ...(behind ?? [])].map(String);
  const miscount = checkCount(spec, operands);
  if (miscount !== null) return { kind: 'wrong', message: miscount };
  const values = Object.fromEntries(
    Object.entries(found).map(([name, value]) => [name, valueOf(options[name], value)]),
  );
  return { kind: 'run', given: { options: values, operands }, debug: found['debug'] === true };
}

/**
 * `-j1,4` as `-j 1,4`, which the parser would take for six options: getopt, and so openMosix, reads it so. Behind a
 * command's name nothing is touched: `make -j4` is make's affair.
 */
function withSpaces(spec: CommandSpec, options: OptionSpecs, argv: readonly string[]): string[] {
  if (spec.wordsWithOneDash) return [...argv];
  const takers = Object.entries(options).filter(([, { type }]) => type !== 'boolean');
  const taking = new Set(takers.flatMap(([name, { alias }]) => [name, ...[alias ?? []].flat()]));
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    const isOption = word.startsWith('-') && word !== '-';
    if (word === '--') return [...words, ...argv.slice(at)];
    // The parser would take `true` in `mosrun -L true` for the value of -L.
    if (spec.stopsAtOperand && !isOption) return [...words, '--', ...argv.slice(at)];
    const letters = /^-([A-Za-z]+)([^A-Za-z=].*)$/.exec(word);
    const last = letters?.[1]?.at(-1) ?? '';
    if (letters && taking.has(last)) words.push(`-${letters[1]!}`, letters[2]!);
    else words.push(word);
    const isWaiting = isOption && taking.has(word.startsWith('--') ? word.slice(2) : word.slice(-1));
    if (!isWaiting || at + 1 >= argv.length) continue;
    const value = argv[++at]!;
    const isDashed = options[word.slice(2)]?.mayBeginWithDash && /^-./.test(value);
    if (isDashed) words[words.length - 1] = `${word}=${value}`;
    else words.push(value);
  }
  return words;
}

type Found = Record<string, unknown> & { readonly _: readonly unknown[]; readonly '--'?: readonly unknown[] };

function parserOptions(spec: CommandSpec, options: OptionSpecs): parse.Options {
  const names = (wanted: (option: OptionSpec) => boolean): string[] =>
    Object.keys(options).filter((name) => wanted(options[name]!));
  const withValue = names((option) => option.type !== 'boolean');
  return {
    boolean: names((option) => option.type === 'boolean'),
    string: withValue,
    narg: Object.fromEntries(withValue.map((name) => [name, 1])),
    alias: Object.fromEntries(
      Object.entries(options).flatMap(([name, { alias }]) =>
        alias === undefined ? [] : [[name, [alias].flat()]],
      ),
    ),
    configuration: {
      'short-option-groups': !spec.wordsWithOneDash,
      'halt-at-non-option': spec.stopsAtOperand ?? false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'boolean-negation': false,
      'duplicate-arguments-array': false,
      'strip-aliased': true,
      'populate--': true,
    },
  };
}

function checkOptions(
  options: OptionSpecs,
  found: Record<string, unknown>,
  argv: readonly string[],
): string | null {
  for (const [name, value] of Object.entries(found)) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) return `unknown option ${asWritten(name, argv)}`;
    if (option.type === 'boolean') continue;
    const dashed = asWritten(name, argv, option.alias);
    if (value === '') return `${dashed} needs ${article(option.argument ?? 'a value')}`;
    if (option.type === 'number' && !/^\d+(\.\d+)?$/.test(String(value)))
      return `${dashed} needs a number, not '${String(value)}'`;
    if (option.choices && !option.choices.includes(String(value))) {
      return `${dashed} is one of ${option.choices.join(', ')}, not '${String(value)}'`;
    }
  }
  return null;
}

/** The option with the dashes that the user gave it. */
function asWritten(name: string, argv: readonly string[], alias?: OptionSpec['alias']): string {
  const spellings = [name, ...[alias ?? []].flat()].flatMap((word) => [`--${word}`, `-${word}`]);
  return (
    spellings.find((word) => argv.some((given) => given === word || given.startsWith(`${word}=`))) ??
    `-${name}`
  );
}

/** yargs-parser's own error: an option at the end of the line that lacks its value. */
function missingValue(error: Error | null): string | null {
  const option = /following: (.*)$/.exec(error?.message ?? '')?.[1];
  if (option === undefined) return error?.message ?? null;
  return `${option.length === 1 ? '-' : '--'}${option} needs a value`;
}

function checkCount(
  { count: [least, most], operands: shown }: CommandSpec,
  operands: readonly string[],
): string | null {
  if (operands.length < least) return `too few arguments: ${shown} is needed`;
  if (operands.length > most) return `too many arguments: '${operands[most] ?? ''}'`;
  return null;
}

function valueOf(option: OptionSpec | undefined, value: unknown): unknown {
  return option?.type === 'number' ? Number(value) : value;
}

function article(argument: string): string {
  return /^[A-Z]/.test(argument) ? argument : `a ${argument}`;
}
