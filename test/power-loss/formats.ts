import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { emptyMap } from '../../src/core/map-empty.js';
import type { ClusterMap } from '../../src/core/cluster-map.js';
import type { GuestRecord } from '../../src/daemon/guest/record.js';
import { Guests } from '../../src/daemon/guest/registry.js';
import { parseLease } from '../../src/daemon/guest/lease.js';
import { loadCarried } from '../../src/daemon/home/carried.js';
import { loadCheckpoints, loadImageKey } from '../../src/daemon/home/checkpoint-store.js';
import type { HomeRecord } from '../../src/daemon/home/record.js';
import { HomeStore } from '../../src/daemon/home/store.js';
import { installationIdentity } from '../../src/daemon/identity.js';
import { createLog, type Log } from '../../src/daemon/log.js';
import { MoskitError } from '../../src/errors.js';
import { receiveTree } from '../../src/jobs/staging/receive-tree.js';
import { removeTree } from '../../src/jobs/staging/remove-tree.js';
import { formatLine } from '../../src/state/journal-lines.js';
import { saveJsonFile } from '../../src/state/json-file.js';
import { openMapStore } from '../../src/state/map-store.js';
import { archiveSamples } from '../fuzz/file-samples.js';
import { aManifest, moveSteps } from '../fuzz/samples.js';
import { anImage } from '../image-fixture.js';
import { aSpec } from '../job-spec-fixture.js';

export type Harm = 'cut' | 'zeros' | 'flip';

/** A file that the power may go out on. */
export interface Format {
  readonly name: string;
  /** Below the folder of the test. */
  readonly file: string;
  /** Puts the file, and what belongs to it, into the folder. */
  write(folder: string): Promise<void>;
  /** What the program makes of it, as text; null when it says that it is damaged. */
  load(folder: string): Promise<string | null>;
  /** What it may be taken for. */
  accepts(loaded: string, harm: Harm): boolean;
  readonly harms: readonly Harm[];
}

const every: readonly Harm[] = ['cut', 'zeros', 'flip'];
const job = '1-41';
export const quiet: Log = createLog(
  () => undefined,
  () => new Date(0),
);

export const homeRecord = {
  format: 1,
  job,
  spec: aSpec(),
  jobsRoot: '/var/tmp/moskit-0',
  carried: true,
  start: { where: 2, generation: 1 },
  phase: 'running',
  detached: true,
  lock: false,
  userStopped: false,
  lastMove: null,
  exit: null,
  messages: '',
  notices: ['moved to node 3'],
  delivered: { stdout: 4711, stderr: 17 },
  startedAtMs: 1_700_000_000_000,
  endedAtMs: null,
} satisfies Partial<HomeRecord>;

const guestRecord: GuestRecord = {
  format: 1,
  job,
  cluster: '0123456789abcdef',
  home: 1,
  you: 2,
  generation: 4,
  phase: 'ended',
  spec: aSpec(),
  jobsRoot: '/var/tmp/moskit-0',
  folder: { dir: '/var/tmp/moskit-0/1-41.012345', cwd: '/home/me' },
  carried: false,
  dirShared: false,
  process: null,
  move: null,
  userStopped: false,
  exit: { kind: 'code', code: 3 },
  startedAtMs: 1_700_000_000_000,
};

export const aMap: ClusterMap = {
  ...emptyMap(),
  config: { entries: [{ node: 1, address: '10.1.1.100', count: 16 }] },
  admin: { ...emptyMap().admin, mospe: 7, lstay: 1 },
  // As the files in fixtures/records say, whatever a new map begins with.
  decay: { ...emptyMap().decay, policy: 'none' },
};
const lasting = ({ config, admin, decay }: ClusterMap): string => JSON.stringify({ config, admin, decay });

function record(name: string, file: string, value: unknown, load: Format['load'], isSealed = true): Format {
  return {
    name,
    file,
    write: async (folder) => {
      const path = join(folder, file);
      await mkdir(dirname(path), { recursive: true });
      if (isSealed) await saveJsonFile(path, value, { durable: false });
      else await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
    },
    load,
    accepts: (loaded) => isDeepStrictEqual(JSON.parse(loaded), JSON.parse(JSON.stringify(value))),
    // without a checksum a flipped digit is another digit: such files load, and are written with one from then on
    harms: isSealed ? every : ['cut', 'zeros'],
  };
}

async function loadHome(folder: string): Promise<string | null> {
  const store = new HomeStore(join(folder, 'homes'), quiet);
  const [stored] = await store.load();
  if (!stored && !store.damaged.has(job)) throw new Error('the job is forgotten');
  return stored ? JSON.stringify(stored.record) : null;
}

async function loadJournal(folder: string): Promise<string | null> {
  const [stored] = await new HomeStore(join(folder, 'homes'), quiet).load();
  return stored ? JSON.stringify(stored.journal.entries) : null;
}

async function loadGuest(folder: string): Promise<string | null> {
  const guests = new Guests(join(folder, 'guests'), quiet);
  await guests.adopt();
  guests.close();
  const [found] = guests.all();
  return found ? JSON.stringify(found) : null;
}

/** A next number that is higher than all that were given is right, however it was found. */
async function loadSequence(folder: string): Promise<string | null> {
  const store = new HomeStore(join(folder, 'homes'), quiet);
  await store.load();
  const next = Number((await store.nextJob(1)).split('-')[1]);
  return next > 41 ? '41' : `a number that was given before: ${next}`;
}

/** Where the loader refuses in words, the file is damaged. */
const orDamaged =
  (load: (folder: string) => Promise<unknown>) =>
  async (folder: string): Promise<string | null> => {
    try {
      return JSON.stringify(await load(folder));
    } catch (error) {
      if (error instanceof MoskitError) return null;
      throw error;
    }
  };

const homeFile = `homes/${job}/job.json`;
const journal: Format = {
  name: 'journal of moves',
  file: `homes/${job}/journal`,
  write: async (folder) => {
    const path = join(folder, 'homes', job);
    await mkdir(path, { recursive: true });
    await saveJsonFile(join(path, 'job.json'), homeRecord, { durable: false });
    await writeFile(join(path, 'journal'), moveSteps.map(formatLine).join(''));
  },
  load: loadJournal,
  // what was cut off is an append that nobody was promised; anything else must not go unnoticed
  accepts: (loaded, harm) =>
    moveSteps.some((_, n) => loaded === JSON.stringify(moveSteps.slice(0, n))) && harm !== 'flip',
  harms: every,
};

const map: Format = {
  name: 'hpc.json',
  file: 'hpc.json',
  write: async (folder) => {
    const store = await openMapStore(join(folder, 'hpc.json'));
    await store.update(() => aMap, { durable: true });
  },
  load: orDamaged(async (folder) => lasting((await openMapStore(join(folder, 'hpc.json'))).map)),
  // people edit it, so it has no checksum: a changed digit is an edit
  // What a version of earlier did not know yet comes with its default, wherever in the text.
  accepts: (loaded, harm) =>
    harm === 'flip' || isDeepStrictEqual(JSON.parse(JSON.parse(loaded) as string), JSON.parse(lasting(aMap))),
  harms: every,
};

const [tree = Buffer.alloc(0)] = archiveSamples();
const archive: Format = {
  name: 'tree of files',
  file: 'tree',
  write: (folder) => writeFile(join(folder, 'tree'), tree),
  load: orDamaged(async (folder) => {
    const root = join(folder, 'root');
    await rm(root, { recursive: true, force: true });
    const input = Readable.from([await readFile(join(folder, 'tree'))], { objectMode: false });
    try {
      await receiveTree({ root, input, limitBytes: 1e6, limitEntries: 100 });
      return await readFile(join(root, 'a', 'b'), 'utf8');
    } finally {
      await removeTree(root);
    }
  }),
  accepts: (loaded) => loaded === '"hello"',
  harms: every,
};

const image = anImage({ job });
const key = 'ab'.repeat(32);

/** A key that is damaged is another one from then on: the MACs of older images tell. */
const imageKey: Format = {
  ...record('key of the MACs of images', 'image-key', key, async (folder) => {
    const loaded = (await loadImageKey(folder)).toString('hex');
    return loaded === key || !(await wasSetAside(folder, 'image-key')) ? JSON.stringify(loaded) : null;
  }),
};

async function wasSetAside(folder: string, name: string): Promise<boolean> {
  return (await readdir(folder)).some((entry) => entry.startsWith(`${name}.damaged`));
}

/** Hundredths of seconds: a digit less ends the lease too early, and never too late. */
const leaseText = '123456789\n';
const lease: Format = {
  name: 'lease',
  file: 'lease',
  write: (folder) => writeFile(join(folder, 'lease'), leaseText),
  load: async (folder) => {
    const until = parseLease(await readFile(join(folder, 'lease'), 'utf8'));
    return until === null ? null : String(until);
  },
  accepts: (loaded) => loaded === '1234567890',
  harms: ['cut', 'zeros'],
};

export const formats: readonly Format[] = [
  record('record of an image', 'job/checkpoint-7.json', image, async (folder) => {
    const [found] = await loadCheckpoints(join(folder, 'job'));
    return found ? JSON.stringify(found) : null;
  }),
  imageKey,
  lease,
  record('record of a job', homeFile, homeRecord, loadHome),
  record('record of a job, as before the checksum', homeFile, homeRecord, loadHome, false),
  journal,
  record('record of a guest', 'guests/1-41.012345/guest.json', guestRecord, loadGuest),
  record('what was carried', 'carried.json', aManifest, orDamaged(loadCarried)),
  record('last number of a job', 'homes/sequence', 41, loadSequence),
  record('identity', 'identity', '0123456789abcdef', orDamaged(installationIdentity)),
  map,
  archive,
];
