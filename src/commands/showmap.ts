import type { NodeId } from '../core/ids.js';
import { exitCodes } from '../exit-codes.js';
import { padToWidth, widthOf } from './columns.js';
import { command, jsonOption } from './command.js';
import { expandNodes, findNode } from '../core/nodes.js';
import { readProposals } from './discovery/files.js';
import { readMap } from './map-file.js';
import { notInCluster } from './require-cluster.js';

const titles = ['Base Node-Id', 'Address', 'Count'] as const;

export const showmap = command({
  name: 'showmap',
  operands: '',
  count: [0, 0],
  describe: "Print this node's number, the map as it was loaded, and what mosdiscd proposes for it.",
  options: { json: jsonOption },
  run: async ({ options }, context) => {
    const { config, admin } = await readMap(context);
    if (config.entries.length === 0) throw notInCluster(context.env);
    const known = expandNodes(config);
    const { machines } = await readProposals(context.env);
    const proposed = machines.filter(({ address }) => !findNode(known, address));
    if (options.json) {
      const more = proposed.length === 0 ? {} : { proposed };
      context.printJson({ mospe: admin.mospe, entries: config.entries, ...more });
      return exitCodes.done;
    }
    context.print(`My Node-Id: ${hex(admin.mospe)}\n`);
    const rows = config.entries.map(({ node, address, count, alias }) => [
      hex(node),
      address,
      alias ? 'ALIAS' : `${count}`,
    ]);
    const found = proposed.map(({ address }) => ['proposed', address, `mosctl join ${address}`]);
    const widths = titles.map((title, at) =>
      Math.max(...[titles, ...rows, ...found].map((row) => widthOf(row[at] ?? title))),
    );
    for (const row of [titles, ...rows, ...found]) {
      context.print(
        row
          .map((cell, at) => padToWidth(cell, widths[at] ?? 0, 'left'))
          .join('  ')
          .trimEnd(),
      );
    }
    return exitCodes.done;
  },
});

/** As openMosix prints it: 2780 is 0x0adc. */
function hex(node: NodeId | 0): string {
  return `0x${node.toString(16).padStart(4, '0')}`;
}
