import { openNode } from '../../cluster/open-node.js';
import type { ConfiguredNode } from '../../core/cluster-map.js';
import { examine, type Finding, type NodeFacts } from '../../core/doctor.js';
import type { NodeId } from '../../core/ids.js';
import { MoskitError, messageOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandContext } from '../command.js';
import { askFacts } from './ask-facts.js';
import { inTurns } from './in-turns.js';
import { ownFacts } from './own-facts.js';

const deadlineMs = 20_000;

export interface Examined {
  readonly node: NodeId;
  readonly address: string;
  readonly facts: NodeFacts | null;
  readonly findings: readonly Finding[];
}

/** Every node of the map over SSH, this one without. */
export async function examineNodes(
  nodes: readonly ConfiguredNode[],
  self: NodeId | 0,
  context: CommandContext,
): Promise<readonly Examined[]> {
  const home = await ownFacts(context);
  return inTurns(nodes, async ({ node, address }) => {
    if (node === self) {
      const asked = { facts: home, fromMs: home.nowMs, toMs: home.nowMs };
      return { node, address, facts: home, findings: examine(node, asked, home) };
    }
    return examineOne({ node, address }, home, context.env);
  });
}

async function examineOne(
  { node, address }: Pick<ConfiguredNode, 'node' | 'address'>,
  home: NodeFacts,
  env: NodeJS.ProcessEnv,
): Promise<Examined> {
  try {
    const connection = await openNode(address, { env, deadlineMs });
    try {
      const asked = await askFacts(connection, { name: address, timeoutMs: deadlineMs, env });
      return { node, address, facts: asked.facts, findings: examine(node, asked, home) };
    } finally {
      connection.close();
    }
  } catch (error) {
    const mend = error instanceof MoskitError ? error.hint : undefined;
    const finding = {
      kind: 'error',
      what: messageOf(error),
      mend: mend ?? 'is it on, and does ssh reach it?',
    } as const;
    return { node, address, facts: null, findings: [finding] };
  }
}

/** Lines for each node: `node 3 (10.0.0.3): good`, or what is wrong and below it how to mend it. */
export function describeExamined({ node, address, findings }: Examined): readonly string[] {
  const name = `node ${node} (${address})`;
  if (findings.length === 0) return [`${name}: good`];
  return findings.flatMap(({ kind, what, mend }) => [`${name}: ${kind}: ${what}`, `    ${mend}`]);
}

/** Errors count, warnings do not. */
export function exitCodeOfExamined(examined: readonly Examined[]): number {
  const bad = examined.filter(({ findings }) => findings.some(({ kind }) => kind === 'error')).length;
  if (bad === 0) return exitCodes.done;
  return bad === examined.length ? exitCodes.failed : exitCodes.someNodesFailed;
}
