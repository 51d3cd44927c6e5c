import type { NodeReport, NodeView } from '../cluster-map.js';
import { anyText, reading, type HpcEntry } from './entry.js';

type Entry = HpcEntry<NodeView>;
type Figure = 'cpus' | 'load' | 'mem' | 'rmem' | 'speed' | 'tmem' | 'util';

/** /proc/hpc/nodes/N, and /proc/hpc/info for this node: the same variables (manual, tables 5.5 and 6.4). */
export const nodeEntries: readonly Entry[] = [
  figure('cpus', '', 'Processors of the node.', ['CPUs']),
  figure('load', '100 = one process on the yardstick', 'Load of the node, not that of the kernel.'),
  figure('mem', 'KiB', 'Logical free memory: free, and what the kernel gives back when asked.'),
  figure('rmem', 'KiB', 'Physically free memory.'),
  figure('speed', '10000 = the standard processor', 'Speed of one processor.'),
  {
    name: 'status',
    value: anyText,
    help: 'up, connecting, monitor-only or down, and which of block, stay, lstay, quiet and full hold.',
    read: statusOf,
  },
  figure('tmem', 'KiB', 'All memory that the node may use.'),
  figure('util', 'percent', 'Utilisation of the processors.'),
];

function figure(name: Figure, unit: string, help: string, aliases: readonly string[] = []): Entry {
  return {
    name,
    aliases,
    value: reading(unit),
    help,
    read: ({ report }) => (report === null ? null : Math.round(report[name])),
  };
}

function statusOf({ state, report }: NodeView): string {
  if (state !== 'up' || report === null) return state;
  return [state, ...switchesOf(report)].join(' ');
}

function switchesOf(report: NodeReport): readonly string[] {
  const isFull = report.freeslots === 0 || report.beyond !== undefined;
  return [
    ...(['block', 'stay', 'lstay', 'quiet'] as const).filter((name) => report[name]),
    ...(isFull ? ['full'] : []),
  ];
}
