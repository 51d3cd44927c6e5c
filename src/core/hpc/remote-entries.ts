import type { GuestView } from '../cluster-map.js';
import { anyText, destination, destinationOf, type HpcEntry } from './entry.js';

type Entry = HpcEntry<GuestView>;

/** /proc/hpc/remote/PID: guests, as far as their home discloses them. */
export const remoteEntries: readonly Entry[] = [
  {
    name: 'from',
    value: { kind: 'whole', least: 1, most: 65_535 },
    help: 'The node that it comes from.',
    read: ({ from }) => from,
  },
  {
    name: 'goto',
    value: destination,
    help: 'Writing a node number, home or balance sends it there.',
    write: (value, { job }) => ({ kind: 'migrate', target: job, to: destinationOf(value) }),
  },
  {
    name: 'identity',
    value: anyText,
    help: 'What its home discloses: job, PID, and its command line.',
    read: ({ job, pid, command, disclosure = 3 }) =>
      [job, disclosure >= 1 ? `pid ${pid}` : '', disclosure >= 3 ? command : ''].filter(Boolean).join(' '),
  },
  {
    name: 'statm',
    value: anyText,
    help: 'Pages of memory of its first process: total resident shared text library data dirty.',
    read: ({ pid }, { procText }) => (pid === 0 ? null : (procText(pid, 'statm')?.trim() ?? null)),
  },
  {
    name: 'stats',
    value: anyText,
    help: 'Of its first process: user time (ticks), nice, vsize (bytes), rss (pages), nswap, cnswap.',
    read: ({ pid }, { procText }) => (pid === 0 ? null : statsOf(procText(pid, 'stat'))),
  },
];

/** Fields 14, 19, 23, 24, 36 and 37 of proc_pid_stat(5); the name, field 2, may hold blanks and parentheses. */
function statsOf(text: string | null): string | null {
  if (text === null) return null;
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  return [14, 19, 23, 24, 36, 37].map((n) => fields[n - 3] ?? '0').join(' ');
}
