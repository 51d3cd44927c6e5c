import type { DecayPolicy } from '../cluster-map.js';
import { flag, type HpcEntry, type HpcView } from './entry.js';

type Entry = HpcEntry<HpcView>;

/** /proc/hpc/decay: what new jobs get that do not say it themselves (`mosrun -f`, `-s`, `-n`, `-c`, `-i`). */
export const decayEntries: readonly Entry[] = [
  {
    name: 'clear',
    value: flag,
    help: 'Writing 1 takes policy and hint back to what they are at first.',
    write: (value) =>
      value === 1 ? { kind: 'decay', change: { policy: 'slow', hint: 'none' } } : { kind: 'nothing' },
  },
  hint('cpujob', 'New jobs are taken for processor-bound.'),
  policy('fast', 'Statistics of new jobs fade at fastdecay.'),
  hint('iojob', 'New jobs are taken for disk-bound: they stay near their files.'),
  {
    name: 'own',
    value: { kind: 'whole', least: 0, most: 1000, unit: 'per mille' },
    help: 'What a new job keeps of its statistics at each interval.',
    read: ({ admin, decay }) =>
      decay.policy === 'none' ? 1000 : decay.policy === 'slow' ? admin.slowdecay : admin.fastdecay,
  },
  policy('slow', 'Statistics of new jobs fade at slowdecay.'),
];

function policy(name: 'fast' | 'slow', help: string): Entry {
  return {
    name,
    value: flag,
    help: `${help} 0 = they do not fade.`,
    read: ({ decay }) => (decay.policy === name ? 1 : 0),
    write: (value, _, { decay }) => {
      if (value === 1) return change({ policy: name });
      return decay.policy === name ? change({ policy: 'none' }) : { kind: 'nothing' };
    },
  };
}

function hint(name: 'cpujob' | 'iojob', help: string): Entry {
  return {
    name,
    value: flag,
    help,
    read: ({ decay }) => (decay.hint === name ? 1 : 0),
    write: (value, _, { decay }) => {
      if (value === 1) return change({ hint: name });
      return decay.hint === name ? change({ hint: 'none' }) : { kind: 'nothing' };
    },
  };
}

function change(of: Partial<DecayPolicy>): ReturnType<NonNullable<Entry['write']>> {
  return { kind: 'decay', change: of };
}

/** Files of /proc/hpc/decay that have no counterpart, and why. */
export const absentDecayEntries: Readonly<Record<string, string>> = {
  exec: 'a job keeps its decay policy for life, whatever it executes',
  execonce: 'a job keeps its decay policy for life, whatever it executes',
  inherit: 'a job is its whole process tree, so children always have its decay policy',
};
