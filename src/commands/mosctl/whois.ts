import type { ConfiguredNode } from '../../core/cluster-map.js';
import { expandNodes, findNode } from '../../core/nodes.js';
import { MoskitError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption } from '../command.js';

export const whois = command({
  name: 'mosctl whois',
  operands: '[NODE|ADDRESS|NAME]',
  count: [0, 1],
  describe:
    'Address of a node, or number of the node with an address or name; alone: the number of this node.',
  options: { json: jsonOption },
  run: async ({ options, operands: [text] }, context) => {
    const { config, admin } = await (await context.mosd()).request('map', {});
    const nodes = expandNodes(config);
    const found = await findAnyhow(nodes, text ?? String(admin.mospe));
    if (!found) throw new MoskitError(`${text ?? 'this machine'} is not part of the cluster`);
    if (options.json) context.printJson(found);
    else context.print(describe(found, text, nodes.length));
    return exitCodes.done;
  },
});

/** By what stands in the map, else by the addresses that the name has. */
async function findAnyhow(
  nodes: readonly ConfiguredNode[],
  text: string,
): Promise<ConfiguredNode | undefined> {
  const found = findNode(nodes, text);
  if (found || /^[\d.]+$/.test(text)) return found;
  const { lookup } = await import('node:dns/promises');
  const addresses = await lookup(text, { all: true }).catch(() => []);
  return addresses.map(({ address }) => findNode(nodes, address)).find((node) => node !== undefined);
}

function describe(
  { node, address, aliases }: ConfiguredNode,
  text: string | undefined,
  count: number,
): string {
  if (text === undefined) return `This is openMosix #${node} of ${count} configured`;
  const also = aliases.length === 0 ? '' : ` (and ${aliases.join(', ')})`;
  return /^\d+$/.test(text)
    ? `openMosix #${node} is at address ${address}${also}`
    : `${text} is openMosix #${node}`;
}
