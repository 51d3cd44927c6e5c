import { openNode } from '../../cluster/open-node.js';
import { runProgram } from '../../cluster/run-program.js';
import { mapFormat, type ClusterMap, type ConfiguredNode } from '../../core/cluster-map.js';
import { expandNodes } from '../../core/nodes.js';
import { MoskitError, messageOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { programPath } from '../../program-path.js';
import type { CommandContext } from '../command.js';
import { askFacts } from '../doctor/ask-facts.js';
import { inTurns } from '../doctor/in-turns.js';
import { hashOfMap } from '../doctor/map-hash.js';

const connectMs = 20_000;
/** `-W` waits there until all jobs are home. */
const loadMs = { w: 60_000, W: 24 * 3_600_000 } as const;

export interface Pushed {
  readonly node: number;
  readonly address: string;
  readonly ok: boolean;
  /** What the node holds now, or why it does not hold this map. */
  readonly said: string;
}

/** Loads the map on every other node of it over SSH, then asks each what it holds: they must all hold the same. */
export async function pushMap(
  { config, admin }: ClusterMap,
  options: { readonly mode: 'w' | 'W'; readonly context: CommandContext },
): Promise<readonly Pushed[]> {
  const { context, mode } = options;
  const text = JSON.stringify({ format: mapFormat, config });
  const hash = hashOfMap(config);
  const others = expandNodes(config).filter(({ node }) => node !== admin.mospe);
  return inTurns(others, async (node) => {
    const { node: number, address } = node;
    try {
      await pushTo(node, { text, hash, mode, gateways: admin.gateways, env: context.env });
      return { node: number, address, ok: true, said: `holds this map (${hash})` };
    } catch (error) {
      const hint = error instanceof MoskitError && error.hint ? `; ${error.hint}` : '';
      return { node: number, address, ok: false, said: `${messageOf(error)}${hint}` };
    }
  });
}

async function pushTo(
  { node, address }: ConfiguredNode,
  push: {
    readonly text: string;
    readonly hash: string;
    readonly mode: 'w' | 'W';
    readonly gateways: number;
    readonly env: NodeJS.ProcessEnv;
  },
): Promise<void> {
  const { text, hash, mode, gateways, env } = push;
  const connection = await openNode(address, { env, deadlineMs: connectMs });
  try {
    const args = ['setpe', `-${mode}`, '-f', '-', '--node', `${node}`, '-g', `${gateways}`];
    const run = { program: programPath(env), args, name: address, timeoutMs: loadMs[mode], input: text };
    const { code, stderr } = await runProgram(connection, run);
    if (code !== 0) throw new MoskitError(stderr || `setpe ended there with ${code ?? 'no code'}`);
    const { facts } = await askFacts(connection, { name: address, timeoutMs: connectMs, env });
    if (facts.mapHash !== hash) throw new MoskitError(`it holds another map (${facts.mapHash ?? 'none'})`);
    if (facts.mospe !== node) throw new MoskitError(`it takes itself for node ${facts.mospe}`);
  } finally {
    connection.close();
  }
}

export function reportPushed(pushed: readonly Pushed[], context: CommandContext): number {
  for (const { node, address, ok, said } of pushed) {
    const line = `node ${node} (${address}): ${said}`;
    if (ok) context.print(line);
    else context.note(line);
  }
  return exitCodeOfPushed(pushed);
}

export function exitCodeOfPushed(pushed: readonly Pushed[]): number {
  const failed = pushed.filter(({ ok }) => !ok).length;
  if (failed === 0) return exitCodes.done;
  return failed === pushed.length ? exitCodes.unreachable : exitCodes.someNodesFailed;
}
