import type { NodeId } from '../../core/ids.js';
import { ProtocolError, UsageError } from '../../errors.js';
import { parseShape, remoteTools } from '../../protocol/schemas.js';
import { homeOfDaemon, type Daemon } from '../context.js';

type RemoteTool = keyof typeof remoteTools;

/** `--on`: the mosd of the other node does it, asked over the link that this one has to it. */
export async function on(
  daemon: Daemon,
  {
    node,
    method,
    params,
    timeoutMs,
  }: { readonly node: NodeId; readonly method: string; readonly params: unknown; readonly timeoutMs: number },
): Promise<{ readonly answer: unknown }> {
  const { nodes } = homeOfDaemon(daemon);
  if (!nodes.has(node))
    throw new UsageError(`node ${node} is not in the map`, { hint: 'showmap lists the nodes' });
  if (!isRemoteTool(method)) throw new ProtocolError(`'${method}' is not asked of other nodes`);
  const { answer } = await nodes.access(node).call('node.tool', { method, params }, { timeoutMs });
  return { answer: parseShape(remoteTools[method], answer, `node ${node}'s answer to ${method}`) };
}

export function isRemoteTool(method: string): method is RemoteTool {
  return Object.hasOwn(remoteTools, method);
}
