import type { NodeReport } from '../../core/cluster-map.js';
import type { NodeId } from '../../core/ids.js';
import { MoskitError, UnreachableError, messageOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import type { CommandContext } from '../command.js';

export type Asked =
  | { readonly node: NodeId; readonly report: NodeReport }
  | { readonly node: NodeId; readonly error: MoskitError };

/** Asks the nodes themselves, all at once; a node that does not answer holds up nobody. */
export async function askNodes(context: CommandContext, nodes: readonly NodeId[]): Promise<readonly Asked[]> {
  const mosd = await context.mosd();
  return Promise.all(
    nodes.map(async (node): Promise<Asked> => {
      try {
        return { node, report: await mosd.request('report', { node }) };
      } catch (error) {
        if (!(error instanceof MoskitError)) throw error;
        return { node, error };
      }
    }),
  );
}

/** One node: its own error. Several: 3 when none answered, 5 when some did. */
export function exitCodeFor(asked: readonly Asked[]): number {
  const errors = asked.flatMap((answer) => ('error' in answer ? [answer.error] : []));
  if (errors.length === 0) return exitCodes.done;
  if (asked.length === 1) return errors[0]!.exitCode;
  return errors.length < asked.length ? exitCodes.someNodesFailed : exitCodes.unreachable;
}

/** A link to mosd that broke is our own failure and says nothing about any node. */
export function isNodesFault(error: MoskitError): boolean {
  return error instanceof UnreachableError;
}

export function problemLine(node: NodeId, error: MoskitError): string {
  const message = messageOf(error);
  return message.includes(`node ${node}`) ? message : `node ${node}: ${message}`;
}
