import { UsageError } from '../../errors.js';
import { readCommandLine } from '../command-line.js';
import type { MosrunArguments } from './job-request.js';
import { mosrunLine } from './options.js';

type Flag = 'h' | 'L' | 'c' | 'i' | 'f' | 's' | 'n';

interface Wrapper {
  /** mosrun's options. */
  readonly means: readonly Flag[];
  readonly describe: string;
  /** The first word is a node, and has to be one. */
  readonly takesNode?: true;
}

const cpujob = { means: ['c'], describe: 'Run a command that is bound by the processor.' } as const;
const runhome = { means: ['h', 'L'], describe: 'Run a command on its home node; it stays there.' } as const;

/**
 * openMosix's wrappers, in both spellings of the manual, whose text and table of commands differ: cputjob and cpujob,
 * nunhome and runhome. The text's omrunon leaves the command to the balancing, the table's runon locks it to its node.
 */
export const wrappers = {
  cpujob,
  cputjob: cpujob,
  iojob: { means: ['i'], describe: 'Run a command that is bound by input and output: rather at home.' },
  nomig: { means: ['h', 'L'], describe: 'Run a command here; the balancing never moves it.' },
  runhome,
  nunhome: runhome,
  runon: { means: ['L'], takesNode: true, describe: 'Run a command on a node; it stays there.' },
  omrunon: { means: [], takesNode: true, describe: 'Run a command on a node; it may be moved later.' },
  fastdecay: { means: ['f'], describe: 'Run a command whose statistics decay fast.' },
  slowdecay: { means: ['s'], describe: 'Run a command whose statistics decay slowly.' },
  nodecay: { means: ['n'], describe: 'Run a command whose statistics do not decay.' },
} as const satisfies Readonly<Record<string, Wrapper>>;

export type WrapperName = keyof typeof wrappers;

export const wrapperNames = Object.keys(wrappers) as readonly WrapperName[];

export function wrapperNamed(name: WrapperName): Wrapper {
  return wrappers[name];
}

/** How the wrapper's own line is read: any option of mosrun may stand before the command. */
export function wrapperLine(name: WrapperName): Omit<typeof mosrunLine, 'operands' | 'count'> & {
  readonly operands: string;
  readonly count: readonly [number, number];
} {
  return wrapperNamed(name).takesNode
    ? { ...mosrunLine, operands: 'NODE [--] COMMAND [ARGUMENT …]', count: [2, Infinity] }
    : { ...mosrunLine, operands: '[NODE] [--] COMMAND [ARGUMENT …]', count: [1, Infinity] };
}

/** What the wrapper was given, as mosrun would have been. */
export function asMosrun(name: WrapperName, { options, operands }: MosrunArguments): MosrunArguments {
  const { means, takesNode } = wrapperNamed(name);
  if (takesNode && !/^\d+$/.test(operands[0] ?? ''))
    throw new UsageError(`'${operands[0] ?? ''}' is no node number`, { hint: `${name} 3 COMMAND` });
  return { options: { ...options, ...Object.fromEntries(means.map((flag) => [flag, true])) }, operands };
}

/**
 * `nomig cpujob fastdecay COMMAND` is one job with the options of all three, not a job that starts a job: openMosix's
 * wrappers changed the process itself, which then became the command.
 */
export function withInnerWrappers(given: MosrunArguments): MosrunArguments {
  const [first = ''] = given.operands;
  const hasNode = /^\d+$/.test(first);
  const words = given.operands.slice(hasNode ? 1 : 0);
  const name = words[0] === '--' ? words[1] : words[0];
  if (!isWrapper(name)) return given;
  const line = readCommandLine(
    { name, describe: '', ...wrapperLine(name) },
    words.slice(words[0] === '--' ? 2 : 1),
  );
  // A --help or a mistake in it is for the wrapper itself to answer.
  if (line.kind !== 'run') return given;
  const inner = withInnerWrappers(asMosrun(name, line.given));
  const [innerFirst = ''] = inner.operands;
  if (hasNode && /^\d+$/.test(innerFirst))
    throw new UsageError(`two nodes are given, ${first} and ${innerFirst}: give one`);
  const node = hasNode ? [first] : [];
  return { options: { ...given.options, ...inner.options }, operands: [...node, ...inner.operands] };
}

function isWrapper(name: string | undefined): name is WrapperName {
  return name !== undefined && Object.hasOwn(wrappers, name);
}
