import { z } from 'zod';
import { openNode } from '../../cluster/open-node.js';
import { runProgram } from '../../cluster/run-program.js';
import type { ClusterConfig } from '../../core/cluster-map.js';
import { isNodeId, type NodeId } from '../../core/ids.js';
import { parseJson } from '../../core/json-text.js';
import { formatProblem, parseConfig } from '../../core/map-schema.js';
import { expandNodes, findNode } from '../../core/nodes.js';
import { numberFor, type Proposal } from '../../core/proposals.js';
import { MoskitError, RefusedError, UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { programPath } from '../../program-path.js';
import { tableLines } from '../columns.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { discoveryId, readProposals } from '../discovery/files.js';
import { ownAddressTowards } from '../discovery/own-address.js';
import { hasMapFile, readMap } from '../map-file.js';
import { extendMap } from '../setpe/load-map.js';

const deadlineMs = 20_000;

/** Takes into the map what mosdiscd has heard: only after SSH and the host key are accepted, and only both ways. */
export const join = command({
  name: 'mosctl join',
  operands: '[ADDRESS]',
  count: [0, 1],
  describe:
    'List the machines that mosdiscd hears; with ADDRESS: take that one into the map, after SSH, its host key and that ' +
    'it hears this machine too were checked.',
  options: {
    number: {
      type: 'string',
      argument: 'NUMBER',
      describe: 'its node number (default: the low 16 bits of its address)',
    },
    json: jsonOption,
  },
  run: async ({ options, operands: [address] }, context) => {
    const proposals = await readProposals(context.env);
    if (address === undefined) {
      if (options.number !== undefined) throw new UsageError('--number needs an ADDRESS');
      if (options.json) context.printJson(proposals);
      else printProposals(proposals.machines, proposals.dropped, context);
      return exitCodes.done;
    }
    const proposal = proposals.machines.find((machine) => machine.address === address);
    if (!proposal)
      throw new UsageError(`mosdiscd does not hear ${address}`, { hint: 'mosctl join lists whom it hears' });
    await checkBothWays(proposal, context.env);
    const node = numberOf(options.number, proposal);
    await addNode(node, proposal, context);
    if (options.json) context.printJson({ node, address });
    else context.print(`openMosix #${node} is at IP address ${address}`);
    context.note('setpe --push gives all nodes the same map');
    return exitCodes.done;
  },
});

function printProposals(machines: readonly Proposal[], dropped: number, context: CommandContext): void {
  const rows = machines.map(({ address, name, node, isMutual }) => [
    address,
    name,
    node === 0 ? 'none' : `${node}`,
    isMutual ? 'yes' : 'no',
  ]);
  for (const line of tableLines(['ADDRESS', 'NAME', 'NODE', 'HEARS US'], rows)) context.print(line);
  if (dropped > 0) context.note(`${dropped} packets were malformed or too many, and dropped`);
}

const identityShape = z.object({
  id: z.string().max(64).nullable(),
  heard: z.array(z.string().max(64)).max(1000),
});

/** SSH leads to the very machine that announced itself, and that machine hears this one. */
async function checkBothWays({ address, id }: Proposal, env: NodeJS.ProcessEnv): Promise<void> {
  const connection = await openNode(address, { env, deadlineMs });
  try {
    const args = ['mosdiscd', '--identity'];
    const run = { program: programPath(env), args, name: address, timeoutMs: deadlineMs };
    const { code, stdout, stderr } = await runProgram(connection, run);
    const json = parseJson(stdout.trimEnd().split('\n').at(-1) ?? '');
    const answer = identityShape.safeParse(code === 0 && json.ok ? json.value : null);
    if (!answer.success) throw new MoskitError(`${address} does not say who it is: ${stderr || 'no answer'}`);
    if (answer.data.id !== id)
      throw new RefusedError(`${address} is not the machine that announced itself under this address`);
    const own = await discoveryId(env);
    if (own === null || !answer.data.heard.includes(own))
      throw new RefusedError(`${address} does not hear this machine: recognition is one-way`, {
        hint: 'does mosdiscd run on both, and does the network pass multicast in both directions?',
      });
  } finally {
    connection.close();
  }
}

function numberOf(said: string | undefined, { address }: Proposal): NodeId {
  const node = said === undefined ? numberFor(address) : /^\d{1,5}$/.test(said) ? Number(said) : null;
  if (isNodeId(node)) return node;
  throw new UsageError(
    said === undefined ? `${address} gives no node number` : `'${said}' is no node number`,
    {
      hint: 'mosctl join ADDRESS --number NUMBER; numbers go from 1 to 65535',
    },
  );
}

async function addNode(node: NodeId, { address }: Proposal, context: CommandContext): Promise<void> {
  const isMember = hasMapFile(context.env) || (await context.runningMosd()) !== null;
  const map = isMember ? await readMap(context) : null;
  const start =
    map && map.config.entries.length > 0 ? { config: map.config, mospe: map.admin.mospe } : alone(address);
  const known = findNode(expandNodes(start.config), address);
  if (known) throw new UsageError(`${address} is openMosix #${known.node} already`);
  const taken = expandNodes(start.config).find((other) => other.node === node);
  if (taken)
    throw new UsageError(`openMosix #${node} is at address ${taken.address} already`, {
      hint: `give it another number: mosctl join ${address} --number NUMBER`,
    });
  const config = { ...start.config, entries: [...start.config.entries, { node, address, count: 1 }] };
  const checked = parseConfig(config);
  if (!checked.ok) throw new UsageError(checked.problems.map(formatProblem).join('; '));
  await extendMap({ config, mospe: start.mospe, gateways: undefined }, context);
}

/** The map of a machine that has none yet: itself. */
function alone(neighbour: string): { readonly config: ClusterConfig; readonly mospe: NodeId } {
  const address = ownAddressTowards(neighbour);
  const node = address === null ? null : numberFor(address);
  if (address === null || node === null)
    throw new MoskitError(`this machine has no address in the network of ${neighbour}`, {
      hint: 'load a map with this machine first: setpe -w -f FILE',
    });
  return { config: { entries: [{ node, address, count: 1 }] }, mospe: node };
}
