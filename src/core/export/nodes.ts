import type { ClusterSnapshot, ConfiguredNode, NodeReport, NodeState } from '../cluster-map.js';
import type { NodeId } from '../ids.js';

/** A node as other programs want to know it. */
export interface ExportNode {
  readonly node: NodeId;
  /** As the map has it, with a login in front if there is one. */
  readonly address: string;
  readonly host: string;
  readonly login: string | null;
  readonly isSelf: boolean;
  readonly state: NodeState;
  /** Null while it is not known. */
  readonly report: NodeReport | null;
}

/** The map and what is known of its nodes, in the order of their numbers. */
export function exportNodes(
  nodes: readonly ConfiguredNode[],
  snapshot: ClusterSnapshot,
): readonly ExportNode[] {
  const views = new Map(snapshot.nodes.map((view) => [view.node, view]));
  return nodes.map(({ node, address }) => {
    const view = views.get(node);
    const at = address.lastIndexOf('@');
    return {
      node,
      address,
      host: address.slice(at + 1),
      login: at < 0 ? null : address.slice(0, at),
      isSelf: node === snapshot.self,
      state: view?.state ?? 'down',
      report: view?.report ?? null,
    };
  });
}

/** Answers, and not by what it said long ago. */
export function isAlive({ state, report }: ExportNode): boolean {
  return (state === 'up' || state === 'monitor-only') && report !== null;
}

/** How much of its processors is idle, 0 … 1; 0 of a node that does not answer. */
export function idleness(node: ExportNode): number {
  if (!isAlive(node) || node.report === null) return 0;
  return Math.max(0, Math.min(1, 1 - node.report.util / 100));
}

/** Whole processors that nobody uses; a node that takes no guests has none for others. */
export function freeSlots(node: ExportNode): number {
  if (node.report === null || (node.report.block && !node.isSelf)) return 0;
  return Math.round(node.report.cpus * idleness(node));
}

/** Why a node has no slot. */
export function whyNoSlot(node: ExportNode): string {
  if (!isAlive(node)) return node.state === 'connecting' ? 'not contacted yet' : 'DEAD';
  return node.report?.block && !node.isSelf ? 'block is set' : 'no processor is idle';
}

/** `fe80::3%eth0` means something on one machine only, and many programs can't read it. */
export function hasZone({ host }: ExportNode): boolean {
  return host.includes('%');
}
