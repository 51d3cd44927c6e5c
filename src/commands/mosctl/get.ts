import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption } from '../command.js';
import { RefusedError } from '../../errors.js';
import { onNodes, onOption } from './on-nodes.js';
import { leafAt, leavesAt, pathGiven, viewFor } from './tree-view.js';

export const get = command({
  name: 'mosctl get',
  operands: 'PATH',
  count: [1, 1],
  describe: 'Print one value of the tree: admin/block, nodes/3/load, PID/where. /proc/hpc/… is taken, too.',
  options: { on: onOption, json: jsonOption },
  run: async ({ options, operands: [text = ''] }, context) => {
    const path = pathGiven(text, context);
    return onNodes(options, context, {
      ask: async (mosd) => {
        const leaf = leafAt(path, await viewFor(path, mosd));
        const value = leaf.read();
        if (value === null) throw new RefusedError(`${leaf.path} can only be written`);
        return value;
      },
      text: (value) => [value],
      json: (value) => ({ [path]: value }),
    });
  },
});

export const tree = command({
  name: 'mosctl tree',
  operands: '[PATH]',
  count: [0, 1],
  describe: 'Print all values below a path: admin, decay, info, nodes/N, remote/PID and PID for each job.',
  options: {
    describe: { type: 'boolean', alias: 'd', describe: 'say of each what it is and which values it takes' },
    on: onOption,
    json: jsonOption,
  },
  run: async ({ options, operands: [text = ''] }, context) => {
    const path = pathGiven(text, context);
    return onNodes(options, context, {
      ask: async (mosd) => leavesAt(path, await viewFor(path, mosd)),
      text: (leaves) =>
        leaves.flatMap((leaf) => {
          const lines = [`${leaf.path} ${shown(leaf.read())}`.trimEnd()];
          if (options.describe) lines.push(`    ${leaf.help} ${access(leaf)}: ${leaf.values}.`);
          return lines;
        }),
      json: (leaves) => Object.fromEntries(leaves.map((leaf) => [leaf.path, leaf.read()])),
      exitCode: () => exitCodes.done,
    });
  },
});

/** A value of several lines stands below its name. */
function shown(value: string | null): string {
  if (value === null) return '(write only)';
  return value.includes('\n') ? `\n    ${value.replace(/\n/g, '\n    ')}` : value;
}

function access({ mayRead, mayWrite }: { readonly mayRead: boolean; readonly mayWrite: boolean }): string {
  if (mayRead && mayWrite) return 'Read and written';
  return mayWrite ? 'Written' : 'Read';
}
