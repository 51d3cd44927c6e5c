import { tryConnectMosd, type MosdClient } from '../cluster/mosd-client.js';
import type { ClusterSnapshot } from '../core/cluster-map.js';
import { maxNodeId } from '../core/ids.js';
import { UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { keyBindings } from '../ui/keys.js';
import type { Settings } from '../ui/monitor-state.js';
import { plainSnapshot } from '../ui/plain.js';
import type { SnapshotSource } from '../ui/snapshot-source.js';
import { isUtf8 } from '../ui/theme.js';
import { command, jsonOption, type Arguments, type CommandContext, type OptionSpec } from './command.js';
import { mosdSource } from './mosmon/mosd-source.js';
import { requireMap } from './require-cluster.js';
import { runCommand } from './run-command.js';

const ownOptions = {
  j: { type: 'boolean', describe: 'show the jobs and their moves' },
  map: { type: 'string', argument: 'FILE', describe: 'ask the nodes of this map over SSH, without a mosd' },
  once: { type: 'boolean', describe: 'print one snapshot as text' },
  json: jsonOption,
} as const;

/** openMosix's: each option is the letter of the key. */
const keyOptions: Readonly<Record<string, OptionSpec & { readonly type: 'boolean' }>> = Object.fromEntries(
  keyBindings.flatMap(({ option, text }) =>
    option === undefined ? [] : [[option, { type: 'boolean', describe: text.replace(', or not', '') }]],
  ),
);

const options = { ...keyOptions, ...ownOptions };
type Given = Arguments<typeof ownOptions & Record<string, { readonly type: 'boolean' }>>;

const mosmon = command({
  name: 'mosmon',
  operands: '[+NODE]',
  count: [0, 1],
  describe: 'Watch the nodes and the jobs; +NODE begins with that node. In a pipe: one snapshot as text.',
  options,
  run: async (given, context) => {
    const settings = settingsOf(given as Given);
    if (given.options.json || given.options.once || !hasScreen(context))
      return printOnce(given as Given, context);
    const source = await openSource(given as Given, context);
    const { runMonitor } = await import('../ui/monitor.js');
    return runMonitor({
      terminal: { stdin: process.stdin, stdout: process.stdout },
      source,
      settings,
      env: context.env,
    });
  },
});

export function runMosmon(argv: readonly string[] = []): Promise<void> {
  return runCommand(mosmon, argv);
}

/** What the options say is what the keys would have done. */
export function settingsOf({ options: given, operands: [operand] }: Given): Settings {
  const chosen = keyBindings.filter(({ option }) => option !== undefined && given[option]);
  const settings = chosen.map(({ action }): Settings => {
    switch (action.do) {
      case 'view':
        return { view: action.view };
      case 'number':
        return { numbering: action.numbering };
      case 'dead':
        return { showDead: true };
      case 'totals':
        return { showTotals: true };
      default:
        return {};
    }
  });
  const firstNode = operand === undefined ? {} : { firstNode: firstNodeOf(operand) };
  return Object.assign({}, ...settings, given.j ? { showJobs: true } : {}, firstNode) as Settings;
}

function firstNodeOf(operand: string): number {
  const number = /^\+(\d{1,5})$/.exec(operand)?.[1];
  if (number === undefined || Number(number) < 1 || Number(number) > maxNodeId) {
    throw new UsageError(`'${operand}' is no node to begin with`, {
      hint: 'write +17 to begin with node 17',
    });
  }
  return Number(number);
}

function hasScreen({ env }: CommandContext): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && env['TERM'] !== 'dumb';
}

async function printOnce(given: Given, context: CommandContext): Promise<number> {
  const snapshot = await takeSnapshot(given, context);
  if (given.options.json) context.printJson(snapshot);
  else for (const line of plainSnapshot(snapshot, isUtf8(context.env))) context.print(line);
  return exitCodes.done;
}

async function takeSnapshot({ options: { map } }: Given, context: CommandContext): Promise<ClusterSnapshot> {
  if (map === undefined) return (await context.anyMosd()).request('status', { fresh: true });
  const { pollOnce } = await import('./mosmon/polled-source.js');
  return pollOnce(map, context.env);
}

async function openSource({ options: { map } }: Given, { env }: CommandContext): Promise<SnapshotSource> {
  if (map === undefined) return mosdSource(await runningMosd(env), env);
  const { polledSource } = await import('./mosmon/polled-source.js');
  return polledSource(map, env);
}

/** A link of the screen's own, because it outlives a mosd; null = one has to be started, which the screen waits for. */
async function runningMosd(env: NodeJS.ProcessEnv): Promise<MosdClient | null> {
  const running = await tryConnectMosd({ start: false, env });
  if (!running) requireMap(env);
  return running;
}
