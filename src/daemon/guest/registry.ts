import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestView, JobExit } from '../../core/cluster-map.js';
import { protectionOf } from '../../core/job-spec.js';
import { isLeased } from '../../core/protection.js';
import { isJobId, isNodeId, type JobId, type NodeId } from '../../core/ids.js';
import { MoskitError, messageOf, RefusedError } from '../../errors.js';
import { exitMeansCheckpoint } from '../../jobs/app-driver.js';
import { driverNamed } from '../../jobs/choose-driver.js';
import type { DriverJob, JobProcess } from '../../jobs/driver.js';
import { isAlive, killTree } from '../../jobs/process-tree.js';
import { readExit, readMessages } from '../../jobs/sandbox.js';
import { removeTree } from '../../jobs/staging/remove-tree.js';
import { loadJsonFile, recordProblem, saveJsonFile } from '../../state/json-file.js';
import { jobEnvironment } from './environment.js';
import { guestKey, imageDirOf, type GuestRecord } from './record.js';
import { KeyedQueue } from '../keyed-queue.js';
import { lapsedFile, leaseFile } from './lease-files.js';
import { bootOf } from '../up-time.js';
import type { Log } from '../log.js';

/** Who asks: one home installation, over its link or in this very process. */
export interface HomeIdentity {
  readonly cluster: string;
  readonly home: NodeId;
}

export interface GuestEvents {
  /** It saved itself and was started again. */
  again?(record: GuestRecord): void;
  /** A guest ran out. */
  ended?(record: GuestRecord, exit: JobExit): void;
  /** A running guest was looked at. */
  looked?(record: GuestRecord): Promise<void>;
  removed?(record: GuestRecord): void;
}

const watchMs = 100;
/** How long a first process may be gone before we say that no exit status will come. */
const exitGraceMs = 2_000;

/** The jobs that run on this node, whoever's they are. Their records are on disk before anything happens to them. */
export class Guests {
  readonly #dir: string;
  readonly #log: Log;
  readonly #records = new Map<string, GuestRecord>();
  /** Folders whose record can't be read: the job may run, so nobody may say that it is not here. */
  readonly #unreadable = new Set<string>();
  readonly #goneSince = new Map<string, number>();
  readonly #listeners = new Set<GuestEvents>();
  readonly queue = new KeyedQueue();
  /** What went wrong with a guest when it was looked at last: said once, not ten times a second. */
  readonly #troubles = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
  }

  /** Takes over what an earlier mosd left: the jobs ran on meanwhile. */
  async adopt(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    for (const key of await readdir(this.#dir)) {
      const loaded = await loadJsonFile(join(this.#dir, key, 'guest.json'));
      if (loaded.kind !== 'ok' || !isGuestRecord(loaded.value)) {
        this.#log.write(`guest ${key}: its record is ${recordProblem(loaded, 1)}; left alone`);
        this.#unreadable.add(key);
        continue;
      }
      const record = await startedMeanwhile(loaded.value);
      this.#records.set(key, record);
      // The clock of leases began anew with the machine.
      if (isOfEarlierBoot(record)) await this.#dropLease(record);
    }
    this.#watch();
  }

  get size(): number {
    return this.#records.size;
  }

  all(): readonly GuestRecord[] {
    return [...this.#records.values()];
  }

  /** First processes of the trees here. */
  processes(): readonly number[] {
    return this.all().flatMap((record) => (record.process ? [record.process.pid] : []));
  }

  listen(events: GuestEvents): () => void {
    this.#listeners.add(events);
    return () => this.#listeners.delete(events);
  }

  find(job: JobId, cluster: string): GuestRecord | undefined {
    return this.#records.get(guestKey(job, cluster));
  }

  /** Where its record is, and what else is noted of it. */
  dirOf(record: Pick<GuestRecord, 'job' | 'cluster'>): string {
    return join(this.#dir, guestKey(record.job, record.cluster));
  }

  isUnreadable(job: JobId, cluster: string): boolean {
    return this.#unreadable.has(guestKey(job, cluster));
  }

  /** Jobs of this cluster whose record can't be read. */
  unreadableOf(cluster: string): readonly JobId[] {
    return [...this.#unreadable].flatMap((key) => {
      const job = key.split('.')[0] ?? '';
      return isJobId(job) && key === guestKey(job, cluster) ? [job] : [];
    });
  }

  /** Throws RefusedError when this node has no such guest; another error when that can't be told. */
  get(job: JobId, cluster: string): GuestRecord {
    const record = this.find(job, cluster);
    if (!record && this.isUnreadable(job, cluster))
      throw new MoskitError(`this node's record of job ${job} is damaged`);
    if (!record) throw new RefusedError(`this node has no job ${job}`);
    return record;
  }

  /**
   * Survives the end of mosd. Only an exit status must survive a power failure too: what a record says of processes
   * is void after one, because they are gone.
   */
  async save(record: GuestRecord): Promise<GuestRecord> {
    const key = guestKey(record.job, record.cluster);
    await mkdir(join(this.#dir, key), { recursive: true, mode: 0o700 });
    await saveJsonFile(join(this.#dir, key, 'guest.json'), record, { durable: record.phase === 'ended' });
    this.#records.set(key, record);
    this.#watch();
    return record;
  }

  async change(record: GuestRecord, change: Partial<GuestRecord>): Promise<GuestRecord> {
    return this.save({ ...this.get(record.job, record.cluster), ...change });
  }

  /** For whoever starts its command: the process is written down before the command runs. */
  onIdentified(record: GuestRecord): (process: JobProcess) => Promise<void> {
    return async (process) => {
      await this.change(record, { process });
    };
  }

  /** Removes record, folder and images. The tree must be gone. */
  async remove(record: GuestRecord, keepDir: boolean): Promise<void> {
    const key = guestKey(record.job, record.cluster);
    this.#records.delete(key);
    this.#troubles.delete(key);
    if (!keepDir) await removeTree(record.folder.dir);
    // Beside a folder that stays lies what is made there by the node that works in it now.
    await this.#removeBeside(record, keepDir ? ['image-'] : ['image-', 'snapshot', 'checkpoint-']);
    await rm(join(this.#dir, key), { recursive: true, force: true });
    for (const listener of this.#listeners) listener.removed?.(record);
  }

  async removeImages(record: GuestRecord): Promise<void> {
    await this.#removeBeside(record, ['image-']);
  }

  async removeCheckpoints(record: GuestRecord): Promise<void> {
    await this.#removeBeside(record, ['checkpoint-']);
  }

  async #dropLease(record: GuestRecord): Promise<void> {
    for (const name of [leaseFile, lapsedFile]) await rm(join(this.dirOf(record), name), { force: true });
  }

  async #removeBeside(record: GuestRecord, kinds: readonly string[]): Promise<void> {
    const name = `${record.folder.dir.slice(record.jobsRoot.length + 1)}.`;
    for (const entry of await readdir(record.jobsRoot).catch(() => [])) {
      if (kinds.some((kind) => entry.startsWith(name + kind))) await removeTree(join(record.jobsRoot, entry));
    }
  }

  view(record: GuestRecord, usage: { cpu: number; rssKib: number }): GuestView {
    const { disclosure = 3, argv } = record.spec;
    return {
      job: record.job,
      from: record.home,
      pid: disclosure >= 1 ? (record.process?.pid ?? 0) : 0,
      ...(disclosure === 3 ? {} : { disclosure }),
      cpu: usage.cpu,
      rssKib: usage.rssKib,
      command: disclosure === 3 ? argv.join(' ') : '(not disclosed)',
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #watch(): void {
    const anyRuns = [...this.#records.values()].some((record) => record.phase === 'running');
    if (anyRuns && !this.#timer) {
      this.#timer = setInterval(() => void this.#look(), watchMs);
    } else if (!anyRuns) {
      this.close();
    }
  }

  #looking = false;

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const record of [...this.#records.values()]) {
        if (record.phase === 'running')
          await this.#lookAt(record).then(
            () => this.#troubles.delete(guestKey(record.job, record.cluster)),
            (error: unknown) => this.#tell(record, error),
          );
      }
    } finally {
      this.#looking = false;
    }
  }

  #tell(record: GuestRecord, error: unknown): void {
    const key = guestKey(record.job, record.cluster);
    if (this.#troubles.get(key) !== messageOf(error)) this.#log.error(error);
    this.#troubles.set(key, messageOf(error));
  }

  async #lookAt(record: GuestRecord): Promise<void> {
    const exit = await this.exitOf(record);
    if (!exit && record.startsAgain === true && !(await this.#isAlive(record))) {
      const key = guestKey(record.job, record.cluster);
      await this.queue.run(key, async () => {
        // A freeze that was undone meanwhile has started it already.
        const now = this.#records.get(key);
        if (now?.phase === 'running' && now.startsAgain === true && !(await this.#isAlive(now)))
          await this.#goOn(now);
      });
      return;
    }
    if (!exit) {
      for (const listener of this.#listeners) await listener.looked?.(record);
      return;
    }
    const key = guestKey(record.job, record.cluster);
    await this.queue.run(key, async () => {
      const now = this.#records.get(key);
      if (now?.phase !== 'running' || now.generation !== record.generation) return;
      if (!exitMeansCheckpoint(now.spec, exit)) await this.ended(now, exit);
      // An image that was made meanwhile may have started it again.
      else if (await readExit(now.folder)) await this.#goOn(now);
    });
  }

  /** It saved itself and left with the agreed code: it is started again from what it saved. */
  async #goOn(record: GuestRecord): Promise<void> {
    await this.change(record, { startsAgain: true });
    if (record.process) await killTree(record.process);
    const target = { ...targetJobOf(record, record.generation), onIdentified: this.onIdentified(record) };
    const process = await driverNamed('app').continue(target, null);
    await this.change(record, { process, startsAgain: false });
    this.#log.write(`job ${record.job}: saved itself, started again`);
    for (const listener of this.#listeners) listener.again?.(record);
  }

  async #isAlive(record: GuestRecord): Promise<boolean> {
    return record.process !== null && (await isAlive(record.process));
  }

  /** The job's exit when it has one. A tree that is gone without a status gets `unknown` after a grace. */
  async exitOf(record: GuestRecord): Promise<JobExit | null> {
    const key = guestKey(record.job, record.cluster);
    const exit = await readExit(record.folder);
    if (exit) {
      this.#goneSince.delete(key);
      return mustNotGoOn(record, exit) ? startedAnew : exit;
    }
    if (await this.#isAlive(record)) {
      this.#goneSince.delete(key);
      return null;
    }
    if (isOfEarlierBoot(record)) return startedAnew;
    const since = this.#goneSince.get(key) ?? performance.now();
    this.#goneSince.set(key, since);
    if (performance.now() - since < exitGraceMs) return null;
    this.#goneSince.delete(key);
    return {
      kind: 'unknown',
      reason: 'its processes are gone and left no exit status: killed from outside, or the machine restarted',
    };
  }

  /** Ends what is left of the tree, writes the exit down and tells. */
  async ended(record: GuestRecord, exit: JobExit): Promise<void> {
    if (record.process) await killTree(record.process).catch((error: unknown) => this.#log.error(error));
    const saved = await this.change(record, { phase: 'ended', exit, process: null, move: null });
    await this.#dropLease(saved);
    for (const listener of this.#listeners) listener.ended?.(saved, exit);
  }

  messagesOf(record: GuestRecord): Promise<string> {
    return readMessages(record.folder).catch((error: unknown) => messageOf(error));
  }
}

const startedAnew: JobExit = { kind: 'unknown', reason: 'the machine was started anew', rebooted: true };

/** Its processes went with the machine. */
export function isOfEarlierBoot({ boot }: Pick<GuestRecord, 'boot'>): boolean {
  return boot !== undefined && boot !== bootOf();
}

/** It saved itself before the machine went down, and home may have started it elsewhere since. */
function mustNotGoOn(record: GuestRecord, exit: JobExit): boolean {
  return (
    isOfEarlierBoot(record) && isLeased(protectionOf(record.spec)) && exitMeansCheckpoint(record.spec, exit)
  );
}

/** mosd was killed between the start of the command and the word of it: it is not started a second time. */
export async function startedMeanwhile(record: GuestRecord): Promise<GuestRecord> {
  if (record.phase !== 'prepared' || !record.process || record.move) return record;
  const hasRun = (await isAlive(record.process)) || (await readExit(record.folder)) !== null;
  return hasRun ? { ...record, phase: 'running' } : record;
}

/** The driver's view of a guest. Throws when it has no process. */
export function driverJobOf(record: GuestRecord, generation: number): DriverJob {
  return { ...targetJobOf(record, generation), process: processOf(record) };
}

export function targetJobOf(record: GuestRecord, generation: number): Omit<DriverJob, 'process'> {
  return {
    spec: record.spec,
    folder: record.folder,
    imageDir: imageDirOf(record, generation),
    env: jobEnvironment(record),
  };
}

export function processOf(record: GuestRecord): JobProcess {
  if (!record.process) throw new MoskitError(`job ${record.job} has no process on this node`);
  return record.process;
}

function isGuestRecord(value: unknown): value is GuestRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, job, home, generation, folder } = value as Partial<GuestRecord>;
  return (
    format === 1 &&
    typeof job === 'string' &&
    isNodeId(home) &&
    typeof generation === 'number' &&
    typeof folder === 'object'
  );
}
