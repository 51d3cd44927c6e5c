import { adminRanges } from '../admin.js';
import { formatClassicMap } from '../classic-map.js';
import type { Admin } from '../cluster-map.js';
import { maxNodeId } from '../ids.js';
import { anyText, flag, type HpcChange, type HpcEntry, type HpcView } from './entry.js';
import type { Value, ValueKind } from './value.js';

type Field = Exclude<keyof Admin, 'mospe' | 'bring' | 'expel' | 'speedset'>;
type Entry = HpcEntry<HpcView>;

/** /proc/hpc/admin: the settings of this node, in the order of the manual (tables 6.2 and 5.2), then what moskit adds. */
export const adminEntries: readonly Entry[] = [
  setting('block', flag, 'Jobs that were born on other nodes are refused.'),
  {
    name: 'bring',
    value: flag,
    help: 'Writing 1 sets lstay and brings home all jobs born here.',
    write: (value) => (value === 1 ? { kind: 'sendHome', verb: 'bring' } : { kind: 'nothing' }),
  },
  {
    name: 'config',
    value: anyText,
    help: 'The map of the cluster, as setpe -r prints it; setpe -w loads another.',
    read: (view) => formatClassicMap(view.config).trimEnd(),
  },
  setting(
    'decayinterval',
    whole('decayinterval', 's'),
    'So often what a job has used is counted into its statistics.',
    ['decay-interval'],
  ),
  {
    name: 'expel',
    value: flag,
    help: 'Writing 1 sets block and sends all guests home.',
    write: (value) => (value === 1 ? { kind: 'sendHome', verb: 'expel' } : { kind: 'nothing' }),
  },
  setting(
    'fastdecay',
    whole('fastdecay', 'per mille'),
    'What a fast-decay job keeps of its statistics at each interval.',
    ['fast-decay'],
  ),
  setting(
    'gateways',
    whole('gateways'),
    'Most gateways between this node and the farthest; each adds once more the time that nodes are waited for.',
    ['gateway'],
  ),
  setting('lstay', flag, 'Jobs that were born here do not leave by themselves.'),
  {
    name: 'mospe',
    value: { kind: 'whole', least: 1, most: maxNodeId },
    help: 'The number of this node.',
    read: ({ admin }) => admin.mospe,
    write: (value) => ({ kind: 'mospe', mospe: Number(value) }),
  },
  setting('nomfs', flag, 'Files of this node are not sent along with jobs: a working folder is not carried.'),
  {
    name: 'overheads',
    aliases: ['overhead'],
    value: { kind: 'numbers', names: ['movecost', 'linkspeed', 'iocost', 'migrantcost'] },
    help: 'The four overheads that the balancer counts with, on one line.',
    read: ({ admin }) => [admin.movecost, admin.linkspeed, admin.iocost, admin.migrantcost].join(' '),
    write: (value) => {
      const [movecost, linkspeed, iocost, migrantcost] = String(value).split(' ').map(Number);
      return changed({ movecost, linkspeed, iocost, migrantcost } as Partial<Admin>);
    },
  },
  setting('quiet', flag, 'Other nodes are not informed of the state of this one, and nothing is balanced.'),
  setting(
    'slowdecay',
    whole('slowdecay', 'per mille'),
    'What a slow-decay job keeps of its statistics at each interval.',
    ['slow-decay'],
  ),
  {
    name: 'speed',
    value: whole('speed', undefined, 'auto'),
    help: 'Speed of one processor, 10000 = the standard processor; auto = it is measured.',
    read: ({ admin }) => admin.speed,
    write: (value) =>
      changed(value === null ? { speed: null, speedset: 0 } : { speed: Number(value), speedset: 1 }),
  },
  setting(
    'sspeed',
    whole('sspeed'),
    'The yardstick: a load of 100 is shown for one process on a processor of this speed.',
  ),
  setting('stay', flag, 'No job leaves this node by itself, wherever it was born.'),
  { name: 'version', value: anyText, help: 'Version of moskit.', read: ({ version }) => version },
  setting('checkpoint', whole('checkpoint', 's'), 'So often new jobs get an image; 0 = none.'),
  setting(
    'maxguests',
    whole('maxguests', undefined, 'none'),
    'Guest slots: most jobs of other nodes that this one takes.',
    ['guestslots'],
  ),
  setting(
    'jobsroot',
    { kind: 'text', shown: 'an absolute path', pattern: /^\/[^\0]{0,4094}$/, none: 'default' },
    'Folder of the folders of new jobs, the same on every node.',
  ),
  setting(
    'disclosure',
    { kind: 'whole', least: 0, most: 3 },
    'What other nodes tell of new jobs: 0 nothing, 1 the PID, 2 also owner and group, 3 all they tell of their own.',
  ),
  setting(
    'loadlimit',
    whole('loadlimit', '100 = one process on the standard processor', 'none'),
    'Beyond this load the node takes no more guests.',
    ['load_limit'],
  ),
  setting(
    'loadlimitmode',
    { kind: 'whole', least: 0, most: 2 },
    'What loadlimit is compared with: 0 all load, 1 that of guests, 2 the rest.',
    ['load_limit_mode'],
  ),
  setting(
    'cpulimit',
    whole('cpulimit', 'percent', 'none'),
    'Beyond this use of the processors the node takes no more guests.',
    ['cpu_limit'],
  ),
  setting(
    'cpulimitmode',
    { kind: 'whole', least: 0, most: 2 },
    'What cpulimit is compared with: 0 all use, 1 that of guests, 2 the rest.',
    ['cpu_limit_mode'],
  ),
  setting('movecost', whole('movecost', 'ms'), 'How long a move stops a job, whatever its size.'),
  setting(
    'linkspeed',
    whole('linkspeed', 'KiB/s'),
    'Bandwidth assumed for a link that was not measured yet.',
  ),
  setting(
    'iocost',
    whole('iocost', 'percent'),
    'What an I/O job (mosrun -i) costs away from home, of what it costs at home.',
    ['mfcosts'],
  ),
  setting(
    'migrantcost',
    whole('migrantcost', 'percent'),
    'What a job that has moved counts for at its target, of one process.',
  ),
];

/** Files of /proc/hpc/admin that have no counterpart, and why. */
export const absentEntries: Readonly<Record<string, string>> = {
  dfsalinks:
    'jobs use the files of their node, or their working folder; there is no DFSA whose paths could be set',
  mfskill: 'no node shows its whole file system to others, so there is nothing to hide',
};

function setting(name: Field, value: ValueKind, help: string, aliases: readonly string[] = []): Entry {
  return {
    name,
    aliases,
    value,
    help,
    read: ({ admin }) => admin[name],
    write: (given: Value) => changed({ [name]: given }),
  };
}

function changed(change: Partial<Admin>): HpcChange {
  return { kind: 'admin', change };
}

function whole(name: keyof typeof adminRanges, unit?: string, none?: string): ValueKind {
  const [least, most] = adminRanges[name];
  return {
    kind: 'whole',
    least,
    most,
    ...(unit === undefined ? {} : { unit }),
    ...(none === undefined ? {} : { none }),
  };
}
