import { freeSlots, hasZone, isAlive, whyNoSlot, type ExportNode } from './nodes.js';

/** Open MPI's hostfile: as many slots as a node has idle processors; one without any is only named in a comment. */
export function exportMpi(nodes: readonly ExportNode[]): string {
  return linesOf(nodes, freeSlots, (node, slots) => `${node.address} slots=${slots}`);
}

/** GNU parallel's --sshloginfile: jobs at once, then the login; this machine itself is `:`, without SSH. */
export function exportParallel(nodes: readonly ExportNode[]): string {
  const isReadable = (node: ExportNode): boolean => node.isSelf || !hasZone(node);
  const slotsOf = (node: ExportNode): number => (isReadable(node) ? freeSlots(node) : 0);
  const lineOf = (node: ExportNode, slots: number): string =>
    `${slots}/${node.isSelf ? ':' : parallelLogin(node)}`;
  return linesOf(nodes, slotsOf, lineOf, (node) =>
    isReadable(node) ? whyNoSlot(node) : 'GNU parallel reads no zone in an address',
  );
}

/** parallel reads what follows the last colon as a port, unless the address is in brackets. */
function parallelLogin({ login, host }: ExportNode): string {
  const bare = host.includes(':') ? `[${host}]` : host;
  return login === null ? bare : `${login}@${bare}`;
}

/** One node a line, for `pdsh -w ^FILE` and WCOLL; those that do not answer are only named in a comment. */
export function exportPdsh(nodes: readonly ExportNode[]): string {
  return linesOf(
    nodes,
    (node) => (isAlive(node) ? 1 : 0),
    (node) => node.address,
  );
}

function linesOf(
  nodes: readonly ExportNode[],
  countOf: (node: ExportNode) => number,
  lineOf: (node: ExportNode, count: number) => string,
  whyNot: (node: ExportNode) => string = whyNoSlot,
): string {
  const lines = nodes.map((node) => {
    const count = countOf(node);
    return count > 0 ? lineOf(node, count) : `# node ${node.node} (${node.address}): ${whyNot(node)}`;
  });
  return lines.map((line) => `${line}\n`).join('');
}
