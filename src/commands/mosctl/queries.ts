import type { NodeReport } from '../../core/cluster-map.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption, type Command, type CommandContext } from '../command.js';
import { givenNodes, nodeOperands } from '../given-nodes.js';
import { askNodes, exitCodeFor, problemOf, type Asked } from './ask-nodes.js';
import { describeMemory, describeStatus } from './describe-report.js';

interface Query {
  readonly describe: string;
  readonly text: (report: NodeReport) => string;
  readonly fields: (report: NodeReport) => Readonly<Record<string, unknown>>;
  /** What a node that does not answer is said to be; without it there is nothing to print of it. */
  readonly down?: string;
  readonly exitCode: (asked: readonly Asked[]) => number;
}

/** `mosctl getX [NODE …]`: one value of /proc/hpc/nodes/N each, in openMosix's words. */
const queries: Readonly<Record<string, Query>> = {
  isup: {
    describe: 'Is a node active? Prints yes or no; exit code 0 = yes (all of them), 1 = no.',
    text: () => 'yes',
    down: 'no',
    fields: () => ({}),
    exitCode: (asked) => (asked.every((answer) => 'report' in answer) ? exitCodes.done : exitCodes.failed),
  },
  getload: {
    describe: "Load of a node: 100 = one process on a standard processor. Not the kernel's load average.",
    text: ({ load }) => String(Math.round(load)),
    fields: ({ load }) => ({ load }),
    exitCode: exitCodeFor,
  },
  getspeed: {
    describe: 'Speed of one processor of a node; 10000 = the standard processor.',
    text: ({ speed }) => String(Math.round(speed)),
    fields: ({ speed, cpus }) => ({ speed, cpus }),
    exitCode: exitCodeFor,
  },
  getmem: {
    describe:
      'Logical free memory of a node (free, and what the kernel gives back when asked) and all of it.',
    text: ({ mem, tmem }) => describeMemory('logical', mem, tmem),
    fields: ({ mem, tmem }) => ({ mem, tmem }),
    exitCode: exitCodeFor,
  },
  getfree: {
    describe: 'Physically free memory of a node, and all of it.',
    text: ({ rmem, tmem }) => describeMemory('physical', rmem, tmem),
    fields: ({ rmem, tmem }) => ({ rmem, tmem }),
    exitCode: exitCodeFor,
  },
  getutil: {
    describe: 'Utilisation of the processors of a node, percent.',
    text: ({ util }) => `${Math.round(util)}%`,
    fields: ({ util }) => ({ util }),
    exitCode: exitCodeFor,
  },
  status: {
    describe: 'State of a node: what may come in and go out, and whether it informs the others.',
    text: describeStatus,
    fields: (report) => ({ ...report }),
    down: 'down',
    exitCode: exitCodeFor,
  },
};

export const queryCommands: Readonly<Record<string, Command>> = Object.fromEntries(
  Object.entries(queries).map(([verb, query]) => [verb, queryCommand(verb, query)]),
);

function queryCommand(verb: string, query: Query): Command {
  return command({
    name: `mosctl ${verb}`,
    ...nodeOperands,
    describe: query.describe,
    options: { json: jsonOption },
    run: async ({ options, operands }, context) => {
      const { nodes, isList } = await givenNodes(operands, context);
      const asked = await askNodes(context, nodes);
      if (options.json) {
        const values = asked.map((answer) => jsonOf(answer, query));
        context.printJson(isList ? values : values[0]);
      } else {
        for (const answer of asked) printAnswer(answer, query, isList ? `${answer.node}: ` : '', context);
      }
      for (const answer of asked)
        if ('error' in answer) context.note(problemOf(answer), answer.error.explanation);
      return query.exitCode(asked);
    },
  });
}

function jsonOf(answer: Asked, query: Query): Readonly<Record<string, unknown>> {
  const values = 'report' in answer ? query.fields(answer.report) : { error: answer.error.message };
  return { node: answer.node, up: 'report' in answer, ...values };
}

function printAnswer(answer: Asked, query: Query, prefix: string, context: CommandContext): void {
  const text = 'report' in answer ? query.text(answer.report) : query.down;
  if (text !== undefined) context.print(prefix + text);
}
