import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, JobView } from '../../core/cluster-map.js';
import type { JobId, NodeId } from '../../core/ids.js';
import type { JobSpec } from '../../core/job-spec.js';
import type { MoveStep } from '../../core/relocation.js';
import { messageOf, RefusedError } from '../../errors.js';
import type { History } from '../../state/history.js';
import type { Journal } from '../../state/journal.js';
import type { JobEnd } from '../io-server.js';
import { KeyedQueue } from '../keyed-queue.js';
import type { Log } from '../log.js';
import type { Nodes } from '../nodes.js';
import { afterEnd } from './node-loss.js';
import { isOver, newCare, placeInHistory, viewOf, whereIs, type HomeJob } from './job.js';
import { JobIo } from './job-io.js';
import type { HomeRecord } from './record.js';
import { loadCheckpoints } from './checkpoint-store.js';
import { HomeStore } from './store.js';

/** How many finished jobs `mps -a` remembers. */
const rememberedJobs = 200;
const writeAgainMs = 2_000;

/** What everything that deals with jobs born here works with. */
export interface HomeContext {
  readonly homes: Homes;
  readonly nodes: Nodes;
  readonly cluster: string;
  readonly log: Log;
  readonly history: History;
  readonly admin: () => Admin;
  readonly defaultJobsRoot: () => string;
  /** Own folders that never travel with a working folder. */
  readonly ownDirs: readonly string[];
  readonly homeDir: string;
  /** Of the MACs of images. */
  readonly imageKey: Buffer;
}

/** The jobs born on this node. */
export class Homes {
  readonly store: HomeStore;
  readonly queue = new KeyedQueue();
  readonly #jobs = new Map<JobId, HomeJob>();
  readonly #cluster: string;
  readonly #log: Log;
  readonly #history: History;

  constructor(dir: string, cluster: string, log: Log, history: History) {
    this.store = new HomeStore(dir, log);
    this.#cluster = cluster;
    this.#log = log;
    this.#history = history;
  }

  /** Reads what an earlier mosd left; nothing is touched yet. */
  async load(): Promise<readonly HomeJob[]> {
    for (const { record, journal } of await this.store.load()) {
      const job = this.#add(record, journal);
      if (!isOver(record)) job.images = await loadCheckpoints(this.store.dirOf(record.job));
    }
    return this.all();
  }

  all(): readonly HomeJob[] {
    return [...this.#jobs.values()];
  }

  active(): readonly HomeJob[] {
    return this.all().filter((job) => !isOver(job.record));
  }

  find(id: JobId): HomeJob | undefined {
    return this.#jobs.get(id);
  }

  get(id: JobId): HomeJob {
    const job = this.#jobs.get(id);
    if (!job)
      throw new RefusedError(`there is no job ${id} here`, {
        hint: 'mps -a lists the jobs born on this node',
      });
    return job;
  }

  /** The same submission sent twice (its deputy lost the answer) is one job. */
  byDeputy(spec: JobSpec): HomeJob | undefined {
    const { deputy } = spec;
    if (!deputy) return undefined;
    return this.all().find(
      ({ record }) =>
        record.spec.deputy?.pid === deputy.pid && record.spec.deputy.startTicks === deputy.startTicks,
    );
  }

  async create(home: NodeId, spec: JobSpec, jobsRoot: string): Promise<HomeJob> {
    const id = await this.store.nextJob(home);
    const record: HomeRecord = {
      format: 1,
      job: id,
      spec,
      jobsRoot,
      carried: false,
      start: null,
      phase: 'starting',
      detached: spec.deputy === null,
      lock: spec.lock,
      userStopped: false,
      lastMove: null,
      exit: null,
      messages: '',
      notices: [],
      delivered: { stdout: 0, stderr: 0 },
      startedAtMs: Date.now(),
      endedAtMs: null,
    };
    await this.store.save(record).catch(async (error: unknown) => {
      await this.store.remove(id).catch(() => undefined);
      throw error;
    });
    return this.#add(record, await this.store.openJournal(id));
  }

  async change(job: HomeJob, change: Partial<HomeRecord>, options = { durable: true }): Promise<void> {
    job.record = { ...job.record, ...change };
    await this.store.save(job.record, options);
  }

  /** For what the job can't go on without: tried again until the disk takes it. */
  async changeAtLast(job: HomeJob, change: Partial<HomeRecord>): Promise<void> {
    for (let told = ''; ;) {
      try {
        await this.change(job, change);
        return;
      } catch (error) {
        const trouble = messageOf(error);
        if (trouble !== told)
          this.#log.write(`job ${job.record.job}: ${trouble}; tried again until it works`);
        told = trouble;
        await delay(writeAgainMs);
      }
    }
  }

  async notice(job: HomeJob, text: string): Promise<void> {
    if (job.noticeListeners.size === 0) await this.change(job, { notices: [...job.record.notices, text] });
    else for (const tell of job.noticeListeners) tell(text);
  }

  /** A submission that did not come to a start leaves nothing. */
  async drop(job: HomeJob): Promise<void> {
    this.#jobs.delete(job.record.job);
    await job.io.close();
    await this.store.remove(job.record.job);
  }

  /** Follows a running job's streams on its node; when they end, the job is collected. */
  follow(context: HomeContext, job: HomeJob): void {
    const place = whereIs(job);
    // One that is collected already has ended once, and that is enough.
    if (!place || job.record.phase !== 'running' || job.record.stranded) return;
    job.io.follow(context.nodes.access(place.where), {
      ended: (end) => void afterEnd(context, job, end).catch((error: unknown) => this.#log.error(error)),
      noRoom: (reason) => {
        context.history.add({ event: 'held', ...placeInHistory(job), reason });
        void this.notice(job, reason).catch((error: unknown) => this.#log.error(error));
      },
    });
  }

  views(nodes: Nodes, nowMs: number, options: { readonly all: boolean }): readonly JobView[] {
    const jobs = options.all ? this.all() : this.active();
    return jobs
      .map((job) => {
        const place = whereIs(job);
        const node = place && nodes.has(place.where) ? nodes.view(place.where, nowMs) : null;
        return viewOf(job, nodes.self, node);
      })
      .sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  /** Forgets the oldest finished jobs; a detached one whose output nobody fetched stays longer than the others. */
  async prune(): Promise<void> {
    const over = this.all()
      .filter((job) => isOver(job.record) && job.deputies === 0)
      .sort((a, b) => (a.record.endedAtMs ?? 0) - (b.record.endedAtMs ?? 0));
    for (const job of over.slice(0, Math.max(0, over.length - rememberedJobs))) {
      this.#jobs.delete(job.record.job);
      await this.store.remove(job.record.job);
    }
  }

  /** Trouble with a job's streams is part of its story. */
  #streamLog(job: JobId): Log {
    return {
      error: (error) => this.#log.error(error),
      write: (line) => {
        this.#log.write(line);
        const found = this.find(job);
        this.#history.add({ event: 'fault', ...(found ? placeInHistory(found) : { job }), reason: line });
      },
    };
  }

  #add(record: HomeRecord, journal: Journal<MoveStep>): HomeJob {
    let settleOver: (end: JobEnd) => void = () => undefined;
    const over = new Promise<JobEnd>((resolve) => {
      settleOver = resolve;
    });
    const job: HomeJob = {
      record,
      journal,
      io: new JobIo(
        join(this.store.dirOf(record.job)),
        record.job,
        this.#cluster,
        this.#streamLog(record.job),
        () => ({
          delivered: job.record.delivered,
          isThere: job.deputies > 0,
        }),
      ),
      over,
      settleOver,
      noticeListeners: new Set(),
      deputies: 0,
      usage: null,
      mobility: null,
      moving: null,
      unsettled: new Set(),
      isUnreachable: false,
      placed: null,
      balanceWord: null,
      images: [],
      care: newCare(),
    };
    if (isOver(record)) {
      settleOver({
        exit: record.exit ?? { kind: 'unknown', reason: 'not recorded' },
        messages: record.messages,
      });
    }
    this.#jobs.set(record.job, job);
    return job;
  }
}
