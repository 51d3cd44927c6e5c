import type { MosdClient } from '../../cluster/mosd-client.js';
import type { NodeReport } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { MoskitError, UnreachableError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandContext } from '../command.js';
import { requireMembership } from '../require-cluster.js';

export type Asked = { readonly node: NodeId; readonly report: NodeReport } | Unanswered;

interface Unanswered {
  readonly node: NodeId;
  readonly error: MoskitError;
}

/** Asks the nodes themselves, all at once; a node that does not answer holds up nobody. */
export async function askNodes(context: CommandContext, nodes: readonly NodeId[]): Promise<readonly Asked[]> {
  const mosd = await context.anyMosd();
  const link = { isGone: false };
  void mosd.closed.then(() => (link.isGone = true));
  // Asked beside the nodes: a round of its own would be a tenth of the time that `isup 1` takes.
  const membership = requireMembership(mosd, context.env);
  membership.catch(() => undefined);
  const asked = await Promise.all(nodes.map((node) => askNode(mosd, node)));
  // That says nothing about any node.
  if (link.isGone) throw new UnreachableError('mosd has ended before it answered');
  await membership;
  return asked;
}

async function askNode(mosd: MosdClient, node: NodeId): Promise<Asked> {
  try {
    return { node, report: await mosd.request('report', { node }) };
  } catch (error) {
    if (!(error instanceof MoskitError)) throw error;
    return { node, error };
  }
}

/** One node: the code of its own error. Several: 3 when none answered, 5 when some did. */
export function exitCodeFor(asked: readonly Asked[]): number {
  const errors = asked.flatMap((answer) => ('error' in answer ? [answer.error] : []));
  if (errors.length === 0) return exitCodes.done;
  if (asked.length === 1) return errors[0]!.exitCode;
  return errors.length < asked.length ? exitCodes.someNodesFailed : exitCodes.unreachable;
}

/** The reason, and below it what to do about it. */
export function problemOf({ node, error }: Unanswered): string {
  const named = error.message.includes(`node ${node}`) ? error.message : `node ${node}: ${error.message}`;
  return error.hint === undefined ? named : `${named}\nhint: ${error.hint}`;
}
