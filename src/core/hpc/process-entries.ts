import type { Disclosure, JobView } from '../cluster-map.js';
import { anyText, destination, destinationOf, flag, type HpcChange, type HpcEntry } from './entry.js';

type Entry = HpcEntry<JobView>;

/** /proc/PID of a job born here; PID is that of its mosrun, or the job itself. */
export const processEntries: readonly Entry[] = [
  {
    name: 'cantmove',
    value: anyText,
    help: 'Why it cannot move now; empty = it can.',
    read: ({ cantmove }) => cantmove.join('; '),
  },
  {
    name: 'disclosure',
    value: { kind: 'whole', least: 0, most: 3 },
    help: 'What the node that runs it tells of it: 0 nothing, 1 its PID, 2 also owner and group, 3 all.',
    read: ({ disclosure = 3 }) => disclosure,
    write: (value, { job }) => changed(job, { disclosure: Number(value) as Disclosure }),
  },
  {
    name: 'goto',
    value: destination,
    help: 'Writing a node number, home or balance asks for a move there.',
    write: (value, { job }) => ({ kind: 'migrate', target: job, to: destinationOf(value) }),
  },
  {
    name: 'lock',
    value: flag,
    help: '1 = it does not move by itself.',
    read: ({ lock }) => (lock ? 1 : 0),
    write: (value, { job }) => changed(job, { lock: value === 1 }),
  },
  {
    name: 'migrate',
    value: destination,
    help: 'The same as goto.',
    write: (value, { job }) => ({ kind: 'migrate', target: job, to: destinationOf(value) }),
  },
  {
    name: 'nmigs',
    value: { kind: 'whole', least: 0, most: Number.MAX_SAFE_INTEGER },
    help: 'How often it has moved; many moves mean that moves are taken for cheaper than they are (movecost).',
    read: ({ nmigs }) => nmigs,
  },
  {
    name: 'sigmig',
    value: {
      kind: 'text',
      shown: 'the name of a signal such as USR1',
      pattern: /^(SIG)?[A-Z][A-Z0-9+-]{1,9}$/i,
      none: '0',
    },
    help: 'Signal that it gets after each move; 0 = none.',
    read: ({ sigmig = null }) => sigmig,
    write: (value, { job }) => changed(job, { sigmig: value === null ? null : signalName(String(value)) }),
  },
  {
    name: 'where',
    value: { kind: 'whole', least: 0, most: 65_535 },
    help: 'The node that runs it; 0 = this one.',
    read: ({ where, home }) => (where === home ? 0 : where),
  },
];

function changed(target: string, change: Extract<HpcChange, { kind: 'job' }>['change']): HpcChange {
  return { kind: 'job', target, change };
}

function signalName(text: string): string {
  const name = text.toUpperCase();
  return name.startsWith('SIG') ? name : `SIG${name}`;
}
