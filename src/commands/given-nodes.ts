import type { ConfiguredNode } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { expandNodes, findNode, parseNodeList } from '../core/nodes.js';
import { UsageError } from '../errors.js';
import type { CommandContext } from './command.js';

/** The operands of a command that asks nodes. */
export const nodeOperands = { operands: '[NODE …]', count: [0, Infinity] } as const;

export interface GivenNodes {
  readonly nodes: readonly NodeId[];
  /** More than one node could have been meant: the answer is a list too. */
  readonly isList: boolean;
}

/** Numbers, lists such as `1,4-6`, names, addresses, `all`; none = this node. */
export async function givenNodes(operands: readonly string[], context: CommandContext): Promise<GivenNodes> {
  const [first] = operands;
  if (first === undefined) {
    const { node } = await (await context.mosd()).request('ping', {});
    return { nodes: [node], isList: false };
  }
  // A plain number goes to mosd as it is: fetching the map to look at it would double the time of `isup 1`.
  if (operands.length === 1 && isNumber(first)) return { nodes: listed(first), isList: false };
  const map = await mapNodes(context);
  const nodes = operands.flatMap((text) => nodesFor(text, map));
  return { nodes: [...new Set(nodes)], isList: operands.length > 1 || isList(first) };
}

export async function givenNode(text: string, context: CommandContext): Promise<NodeId> {
  if (isNumber(text)) return listed(text)[0]!;
  return nameIn(text, await mapNodes(context)).node;
}

async function mapNodes(context: CommandContext): Promise<readonly ConfiguredNode[]> {
  const { config } = await (await context.mosd()).request('map', {});
  return expandNodes(config);
}

function nodesFor(text: string, map: readonly ConfiguredNode[]): readonly NodeId[] {
  if (text === 'all') return map.map(({ node }) => node);
  if (!isNumber(text) && isList(text)) return listed(text, new Set(map.map(({ node }) => node)));
  return [nameIn(text, map).node];
}

function nameIn(text: string, map: readonly ConfiguredNode[]): ConfiguredNode {
  const found = findNode(map, text);
  if (found) return found;
  throw new UsageError(`${isNumber(text) ? 'node ' : ''}${text} is not in the map`, {
    hint: 'showmap prints the map',
  });
}

function listed(text: string, known?: ReadonlySet<NodeId>): readonly NodeId[] {
  const answer = parseNodeList(text, known);
  if (answer.ok) return answer.nodes;
  throw new UsageError(answer.problem);
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function isList(text: string): boolean {
  return text === 'all' || /^\d+\s*[,-][\d\s,-]*$/.test(text);
}
