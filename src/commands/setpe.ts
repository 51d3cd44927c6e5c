import type { ClusterConfig } from '../core/cluster-map.js';
import { formatClassicMap } from '../core/classic-map.js';
import { mapFormat } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { expandNodes } from '../core/nodes.js';
import { MoskitError, UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { writeFileAtomic } from '../state/atomic-file.js';
import { command, jsonOption, type Arguments, type CommandContext } from './command.js';
import { hasMapFile, readMap } from './map-file.js';
import { notInCluster } from './require-cluster.js';
import { examineCluster } from './mosctl/doctor.js';
import { exitCodeOfPushed, pushMap, reportPushed } from './setpe/push.js';
import { loadMap } from './setpe/load-map.js';
import { ownNodes, thisMachine } from './setpe/own-node.js';
import { parseTable, readTableText } from './setpe/read-table.js';

const options = {
  w: {
    type: 'boolean',
    describe: 'load the map, if no job of another node is here and none of ours is away',
  },
  W: { type: 'boolean', describe: 'load the map at any cost: send all jobs home first' },
  c: { type: 'boolean', describe: 'only check the map' },
  r: { type: 'boolean', describe: 'write out the map that is loaded' },
  push: {
    type: 'boolean',
    describe: 'load the map on all its other nodes too, and see that all hold the same',
  },
  check: { type: 'boolean', describe: 'say of each node of the loaded map what is wrong with it' },
  off: { type: 'boolean', describe: 'send all jobs home and leave the cluster' },
  f: { type: 'string', argument: 'FILE', describe: 'the map; - is standard input (for -r: output)' },
  g: { type: 'number', argument: 'GATEWAYS', describe: 'most gateways between two nodes, 0 to 2' },
  node: {
    type: 'string',
    alias: 'p',
    argument: 'NUMBER',
    describe: "the number of this machine, if it can't be seen from the map",
  },
  format: {
    type: 'string',
    argument: 'FORM',
    choices: ['classic', 'json'],
    describe: 'for -r: classic or json',
  },
  json: jsonOption,
} as const;
type Given = Arguments<typeof options>;

const lookupDeadlineMs = 5000;

/** openMosix's setpe: the map of the cluster goes in, is checked, and comes out again. */
export const setpe = command({
  name: 'setpe',
  operands: '[-]',
  count: [0, 1],
  describe:
    'Load, check or write out the map of the cluster: lines NODE ADDRESS COUNT or NODE ADDRESS ALIAS, or JSON.',
  options,
  wordsWithOneDash: true,
  run: async (given, context) => {
    const mode = modeOf(given);
    if (mode === 'check') return examineCluster(context, given.options.json === true);
    if (mode === 'push') return pushLoaded('w', given, context);
    if (mode === 'r') return writeOut(given, context);
    if (mode === 'off') return leaveCluster(given, context);
    const source = sourceOf(given);
    const config = checkTable(
      await readTableText(source),
      source === '-' ? 'standard input' : source,
      context,
    );
    const gateways = gatewaysOf(given);
    const own = await ownNumber(config, given);
    if (mode !== 'c') await loadMap({ config, mospe: own, gateways }, { atAnyCost: mode === 'W' }, context);
    const configured = expandNodes(config).length;
    if (given.options.push && (mode === 'w' || mode === 'W')) return pushLoaded(mode, given, context);
    if (given.options.json) context.printJson({ node: own, configured, loaded: mode !== 'c' });
    else context.print(`This is openMosix #${own} of ${configured} configured`);
    return exitCodes.done;
  },
});

type Mode = 'w' | 'W' | 'c' | 'r' | 'off' | 'push' | 'check';

function modeOf({ options: given }: Given): Mode {
  const modes: Mode[] = (['w', 'W', 'c', 'r', 'off', 'check'] as const).filter((mode) => given[mode]);
  // Alone it pushes the map that is loaded; it goes with -w and -W, and with nothing else.
  if (given.push && !modes.some((mode) => mode === 'w' || mode === 'W')) modes.push('push');
  // `-w -c` is a check, as in openMosix.
  const wanted = modes.includes('c') ? modes.filter((mode) => mode !== 'w' && mode !== 'W') : modes;
  if (wanted.length === 1) return wanted[0]!;
  throw new UsageError(
    wanted.length === 0
      ? 'one of -w, -W, -c, -r, -off, --push and --check is needed'
      : `${wanted.map(dashed).join(' and ')} exclude each other`,
    {
      hint: 'setpe --help says what they do',
    },
  );
}

function dashed(mode: Mode): string {
  return mode === 'push' || mode === 'check' ? `--${mode}` : `-${mode}`;
}

async function pushLoaded(mode: 'w' | 'W', given: Given, context: CommandContext): Promise<number> {
  const map = await readMap(context);
  if (map.config.entries.length === 0) throw notInCluster(context.env);
  const pushed = await pushMap(map, { mode, context });
  const configured = expandNodes(map.config).length;
  if (!given.options.json) {
    context.print(`This is openMosix #${map.admin.mospe} of ${configured} configured`);
    return reportPushed(pushed, context);
  }
  context.printJson({ node: map.admin.mospe, configured, loaded: true, pushed });
  return exitCodeOfPushed(pushed);
}

function sourceOf({ options: given, operands: [operand] }: Given): string {
  if (operand !== undefined && operand !== '-')
    throw new UsageError(`'${operand}' is too much; a file goes behind -f`);
  if (operand === '-' && given.f !== undefined && given.f !== '-')
    throw new UsageError('give either a file or -');
  return given.f ?? '-';
}

function gatewaysOf({ options: { g } }: Given): number | undefined {
  if (g === undefined || g === 0 || g === 1 || g === 2) return g;
  throw new UsageError('-g goes from 0 to 2');
}

function checkTable(text: string, name: string, context: CommandContext): ClusterConfig {
  const table = parseTable(text, name);
  if (table.ok && table.config.entries.length > 0) return table.config;
  if (table.ok) throw new UsageError(`${name} has no nodes`);
  for (const problem of table.problems) context.note(problem);
  throw new UsageError('the map is not right; nothing was changed');
}

async function ownNumber(config: ClusterConfig, given: Given): Promise<NodeId> {
  const nodes = expandNodes(config);
  const said = given.options.node;
  if (said !== undefined) {
    const found = nodes.find(({ node }) => String(node) === said);
    if (found) return found.node;
    throw new UsageError(`node ${said} is not in the map`);
  }
  const machine = thisMachine();
  const [own, other] = await ownNodes(nodes, machine, lookupDeadlineMs);
  const hint = 'say which number this machine has: --node NUMBER';
  if (own === undefined) {
    const address = machine.addresses[0] ?? machine.names[0] ?? '?';
    throw new MoskitError(
      `the supplied table is well-formatted, but my IP address (${address}) is not there!`,
      { hint },
    );
  }
  if (other === undefined) return own;
  throw new MoskitError(
    `the supplied table is well-formatted, but nodes ${own} and ${other} both are this machine`,
    { hint },
  );
}

async function writeOut({ options: given }: Given, context: CommandContext): Promise<number> {
  const { config } = await readMap(context);
  if (config.entries.length === 0) throw notInCluster(context.env);
  const isJson = given.json === true || given.format === 'json';
  const text = isJson
    ? `${JSON.stringify({ format: mapFormat, config }, null, 2)}\n`
    : formatClassicMap(config);
  if (given.f === undefined || given.f === '-') context.print(text.trimEnd());
  else await writeFileAtomic(given.f, text, { durable: true, mode: 0o644 });
  return exitCodes.done;
}

async function leaveCluster({ options: given }: Given, context: CommandContext): Promise<number> {
  const isMember = hasMapFile(context.env) || (await context.runningMosd()) !== null;
  if (isMember) {
    await loadMap({ config: { entries: [] }, mospe: 0, gateways: undefined }, { atAnyCost: true }, context);
  }
  if (given.json) context.printJson({ node: 0, configured: 0, loaded: true });
  return exitCodes.done;
}
