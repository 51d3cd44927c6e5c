import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../../disk-error.js';
import { isJobId, formatJobId, type JobId, type NodeId } from '../../core/ids.js';
import { parseMoveStep, type MoveStep } from '../../core/relocation.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import { loadJsonFile, recordProblem, saveJsonFile } from '../../state/json-file.js';
import { openJournal, type Journal } from '../../state/journal.js';
import type { Log } from '../log.js';
import type { HomeRecord } from './record.js';

export interface StoredJob {
  readonly record: HomeRecord;
  readonly journal: Journal<MoveStep>;
}

const skippedNumbers = 1000;

/** homes/JOB/: job.json, journal, stdout, stderr, incoming/. And homes/sequence: the last number given out. */
export class HomeStore {
  readonly #dir: string;
  readonly #log: Log;
  #sequence = 0;
  /** Jobs whose record or journal could not be read: whatever runs of them is left alone. */
  readonly damaged = new Set<JobId>();

  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
  }

  dirOf(job: JobId): string {
    return join(this.#dir, job);
  }

  async load(): Promise<readonly StoredJob[]> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const sequence = await loadJsonFile(join(this.#dir, 'sequence'));
    const isKnown = sequence.kind === 'ok' && Number.isSafeInteger(sequence.value);
    if (isKnown) this.#sequence = sequence.value as number;
    const jobs: StoredJob[] = [];
    for (const name of await readdir(this.#dir)) {
      if (!isJobId(name)) continue;
      this.#sequence = Math.max(this.#sequence, Number(name.split('-')[1]));
      const stored = await this.#loadJob(name);
      if (stored) jobs.push(stored);
    }
    if (!isKnown && sequence.kind !== 'missing') this.#skipNumbers();
    return jobs;
  }

  async #loadJob(job: JobId): Promise<StoredJob | null> {
    const loaded = await loadJsonFile(join(this.dirOf(job), 'job.json'));
    if (loaded.kind !== 'ok' || !isHomeRecord(loaded.value)) {
      this.#log.write(`job ${job}: its record is ${recordProblem(loaded, 1)}; left alone`);
      this.damaged.add(job);
      return null;
    }
    const journal = await this.openJournal(job);
    const { damage } = journal;
    if (!damage) return { record: loaded.value, journal };
    const where = `line ${damage.line} of its journal: ${damage.reason}; kept as ${damage.keptAs}`;
    this.#log.write(`job ${job}: ${where}${damage.torn ? '' : '; left alone'}`);
    if (damage.torn) return { record: loaded.value, journal };
    this.damaged.add(job); // without its moves nobody knows which node may run it
    return null;
  }

  /** Which numbers were given is not known any more, and jobs that were removed here may live on elsewhere. */
  #skipNumbers(): void {
    this.#sequence += skippedNumbers;
    this.#log.write(`the last job's number was damaged; the next one is ${this.#sequence + 1}`);
  }

  openJournal(job: JobId): Promise<Journal<MoveStep>> {
    return openJournal(join(this.dirOf(job), 'journal'), parseMoveStep);
  }

  /** Numbers are never given twice, also after a crash: the file is written before the number is used. */
  async nextJob(home: NodeId): Promise<JobId> {
    this.#sequence += 1;
    const job = formatJobId(home, this.#sequence);
    await saveJsonFile(join(this.#dir, 'sequence'), this.#sequence, { durable: true });
    const dir = this.dirOf(job);
    await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw writeError(`cannot make the folder ${dir}`, dir, error);
    });
    return job;
  }

  save(record: HomeRecord, options: { readonly durable: boolean } = { durable: true }): Promise<void> {
    return saveJsonFile(join(this.dirOf(record.job), 'job.json'), record, options);
  }

  remove(job: JobId): Promise<void> {
    return removeTree(this.dirOf(job));
  }
}

function isHomeRecord(value: unknown): value is HomeRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, job, phase, spec } = value as Partial<HomeRecord>;
  return format === 1 && isJobId(job) && typeof phase === 'string' && typeof spec === 'object';
}
