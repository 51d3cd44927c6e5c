import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyMap } from '../../src/core/map-empty.js';
import { parseMoveStep, type MoveStep } from '../../src/core/relocation.js';
import { HomeStore } from '../../src/daemon/home/store.js';
import { openJournal } from '../../src/state/journal.js';
import { loadJsonFile, saveJsonFile } from '../../src/state/json-file.js';
import { openMapStore } from '../../src/state/map-store.js';
import { moveSteps } from '../fuzz/samples.js';
import { onFaultyDisk, type Fault } from './faulty-disk.js';
import { aMap, homeRecord, quiet } from './formats.js';
import type { Points } from './torn-files.js';

/** Something that is written down, in steps. */
interface Writing {
  readonly name: string;
  before(folder: string): Promise<void>;
  act(folder: string): Promise<unknown>;
  /** What the next start finds, as text. */
  after(folder: string): Promise<string>;
  readonly old: string;
  /** What it must be once `act` has resolved. */
  readonly now: string;
}

const faults: readonly Fault[] = ['dies', 'ENOSPC', 'EIO', 'EROFS'];
const mostSteps = 60;
const steps = moveSteps.slice(0, 3);
const [begin, commit, done] = steps as [MoveStep, MoveStep, MoveStep];
const moved = { ...homeRecord, userStopped: true };
const rubbish = '{"format":1,"job":';

const writings: readonly Writing[] = [
  {
    name: 'a record that replaces another',
    before: (folder) => saveJsonFile(join(folder, 'job.json'), homeRecord, { durable: true }),
    act: (folder) => saveJsonFile(join(folder, 'job.json'), moved, { durable: true }),
    after: async (folder) => {
      const loaded = await loadJsonFile(join(folder, 'job.json'));
      return loaded.kind === 'ok' ? JSON.stringify(loaded.value) : loaded.kind;
    },
    old: JSON.stringify(homeRecord),
    now: JSON.stringify(moved),
  },
  {
    name: 'an entry of a journal',
    before: async (folder) => {
      const journal = await openJournal(join(folder, 'journal'), parseMoveStep);
      await journal.append(begin);
      await journal.append(commit);
    },
    act: async (folder) => (await openJournal(join(folder, 'journal'), parseMoveStep)).append(done),
    after: journalOf,
    old: JSON.stringify([begin, commit]),
    now: JSON.stringify([begin, commit, done]),
  },
  {
    name: 'the first entry of a journal',
    before: () => Promise.resolve(),
    act: async (folder) => (await openJournal(join(folder, 'journal'), parseMoveStep)).append(begin),
    after: journalOf,
    old: '[]',
    now: JSON.stringify([begin]),
  },
  {
    name: 'the cut of a torn journal',
    before: async (folder) => {
      await (await openJournal(join(folder, 'journal'), parseMoveStep)).append(begin);
      await appendFile(join(folder, 'journal'), rubbish);
    },
    act: (folder) => openJournal(join(folder, 'journal'), parseMoveStep),
    after: async (folder) => `${await journalOf(folder)} ${String(await isSomewhere(folder, rubbish))}`,
    old: `${JSON.stringify([begin])} true`,
    now: `${JSON.stringify([begin])} true`,
  },
  {
    name: 'the putting aside of a damaged record',
    before: (folder) => writeFile(join(folder, 'job.json'), rubbish),
    act: (folder) => loadJsonFile(join(folder, 'job.json')),
    after: async (folder) => String(await isSomewhere(folder, rubbish)),
    old: 'true',
    now: 'true',
  },
  {
    name: 'a durable change of the map',
    before: async (folder) =>
      (await openMapStore(join(folder, 'hpc.json'))).update(() => aMap, { durable: true }),
    act: async (folder) => {
      const store = await openMapStore(join(folder, 'hpc.json'));
      await store.update((map) => ({ ...map, admin: { ...map.admin, stay: 1 } }), { durable: true });
    },
    after: adminOf,
    old: JSON.stringify(aMap.admin),
    now: JSON.stringify({ ...aMap.admin, stay: 1 }),
  },
  {
    name: 'the recovery of a damaged map',
    before: async (folder) => {
      await (await openMapStore(join(folder, 'hpc.json'))).update(() => aMap, { durable: true });
      await writeFile(join(folder, 'hpc.json'), rubbish);
    },
    act: (folder) => openMapStore(join(folder, 'hpc.json')),
    after: adminOf,
    old: JSON.stringify(aMap.admin),
    now: JSON.stringify(aMap.admin),
  },
];

/** Lets every step of every writing go wrong in every way: afterwards the old is there or the new, and what was promised. */
export async function writeSteps(folder: string): Promise<Points> {
  const wrong: string[] = [];
  let points = 0;
  for (const writing of writings) {
    for (const fault of faults) {
      for (let at = 0; at < mostSteps; at++) {
        const place = join(folder, 'steps');
        await rm(place, { recursive: true, force: true });
        await mkdir(place, { recursive: true });
        await writing.before(place);
        const { reached, error } = await onFaultyDisk(fault, at, () => writing.act(place));
        if (!reached) break;
        points++;
        const found = await writing.after(place).catch((problem: unknown) => String(problem));
        const isRight = found === writing.now || (error !== null && found === writing.old);
        if (!isRight) wrong.push(`${writing.name}, ${fault} at step ${at}: ${found.slice(0, 300)}`);
      }
    }
  }
  return { points: points + (await numbers(folder, wrong)), wrong };
}

/** Numbers of jobs are never given twice, wherever it ends. */
async function numbers(folder: string, wrong: string[]): Promise<number> {
  let points = 0;
  for (const fault of faults) {
    const place = join(folder, `numbers-${fault}`);
    const given = new Set<string>();
    for (let at = 0; at < mostSteps; at++, points++) {
      const store = new HomeStore(place, quiet);
      await store.load();
      const { reached } = await onFaultyDisk(fault, at, async () =>
        take(given, await store.nextJob(1), wrong),
      );
      const next = new HomeStore(place, quiet);
      await next.load();
      take(given, await next.nextJob(1), wrong);
      if (!reached) break;
    }
  }
  return points;
}

function take(given: Set<string>, job: string, wrong: string[]): void {
  if (given.has(job)) wrong.push(`number ${job} was given twice`);
  given.add(job);
}

async function journalOf(folder: string): Promise<string> {
  const { entries, damage } = await openJournal(join(folder, 'journal'), parseMoveStep);
  return damage?.torn === false ? `damaged: ${damage.reason}` : JSON.stringify(entries);
}

async function adminOf(folder: string): Promise<string> {
  const { map } = await openMapStore(join(folder, 'hpc.json'));
  return JSON.stringify({ ...emptyMap().admin, ...map.admin });
}

async function isSomewhere(folder: string, text: string): Promise<boolean> {
  for (const name of await readdir(folder)) {
    if ((await readFile(join(folder, name), 'utf8')).endsWith(text)) return true;
  }
  return false;
}
