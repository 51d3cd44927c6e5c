import type { NodeReport } from '../../core/cluster-map.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption, type Command } from '../command.js';
import { givenNodes, nodeOperands } from '../given-nodes.js';
import { askNodes, exitCodeFor, problemLine, type Asked } from './ask-nodes.js';
import { describeMemory, describeStatus } from './describe-report.js';

interface Query {
  readonly describe: string;
  readonly text: (report: NodeReport) => string;
  readonly fields: (report: NodeReport) => Readonly<Record<string, unknown>>;
}

/** `mosctl getX [NODE …]`: one value of /proc/hpc/nodes/N each, in openMosix's words. */
const queries: Readonly<Record<string, Query>> = {
  getload: {
    describe: "Load of a node: 100 = one process on a standard processor. Not the kernel's load average.",
    text: ({ load }) => String(Math.round(load)),
    fields: ({ load }) => ({ load }),
  },
  getspeed: {
    describe: 'Speed of one processor of a node; 10000 = the standard processor.',
    text: ({ speed }) => String(Math.round(speed)),
    fields: ({ speed, cpus }) => ({ speed, cpus }),
  },
  getmem: {
    describe: 'Logical free memory of a node (free, and what the kernel gives back when asked) and all of it.',
    text: ({ mem, tmem }) => describeMemory('logical', mem, tmem),
    fields: ({ mem, tmem }) => ({ mem, tmem }),
  },
  getfree: {
    describe: 'Physically free memory of a node, and all of it.',
    text: ({ rmem, tmem }) => describeMemory('physical', rmem, tmem),
    fields: ({ rmem, tmem }) => ({ rmem, tmem }),
  },
  getutil: {
    describe: 'Utilisation of the processors of a node, percent.',
    text: ({ util }) => `${Math.round(util)}%`,
    fields: ({ util }) => ({ util }),
  },
  status: {
    describe: 'State of a node: what may come in and go out, and whether it informs the others.',
    text: describeStatus,
    fields: (report) => ({ up: true, ...report }),
  },
};

export const queryCommands: Readonly<Record<string, Command>> = {
  isup: isup(),
  ...Object.fromEntries(Object.entries(queries).map(([verb, query]) => [verb, queryCommand(verb, query)])),
};

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
        const values = asked.map((answer) => ({
          node: answer.node,
          ...('error' in answer ? { error: answer.error.message } : query.fields(answer.report)),
        }));
        context.printJson(isList ? values : values[0]);
      } else {
        for (const answer of asked) if ('report' in answer) context.print(prefix(answer, isList) + query.text(answer.report));
      }
      for (const answer of asked) if ('error' in answer) context.note(problemLine(answer.node, answer.error));
      return exitCodeFor(asked);
    },
  });
}

/** openMosix's ping: the answer is `yes` or `no`, and the exit code says the same. */
function isup(): Command {
  return command({
    name: 'mosctl isup',
    ...nodeOperands,
    describe: 'Is a node active? Prints yes or no; exit code 0 = yes (all of them), 1 = no.',
    options: { json: jsonOption },
    run: async ({ options, operands }, context) => {
      const { nodes, isList } = await givenNodes(operands, context);
      const asked = await askNodes(context, nodes);
      if (options.json) {
        const values = asked.map((answer) => ({
          node: answer.node,
          up: 'report' in answer,
          ...('error' in answer ? { why: answer.error.message } : {}),
        }));
        context.printJson(isList ? values : values[0]);
      } else {
        for (const answer of asked) context.print(prefix(answer, isList) + ('report' in answer ? 'yes' : 'no'));
      }
      return asked.every((answer) => 'report' in answer) ? exitCodes.done : exitCodes.failed;
    },
  });
}

function prefix(answer: Asked, isList: boolean): string {
  return isList ? `${answer.node}: ` : '';
}
