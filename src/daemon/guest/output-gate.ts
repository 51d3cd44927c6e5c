import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bytesBetween,
  isOutputHeld,
  outputLimit,
  outputLimits,
  type OutputOffsets,
} from '../../core/output-flow.js';
import { continueTree, isAlive, stopTree } from '../../jobs/process-tree.js';
import { punchDelivered } from '../../jobs/staging/spool.js';
import type { History } from '../../state/history.js';
import { guestKey, type GuestRecord } from './record.js';
import { processOf, type Guests } from './registry.js';

const punchEveryBytes = 16 * 1024 * 1024;
const nothing: OutputOffsets = { stdout: 0, stderr: 0 };

/**
 * Keeps the output of every guest within bounds: one that is too far ahead of what home has stands still until home has
 * caught up, and what home has safely gives its space back. Nothing is ever dropped.
 */
export class OutputGate {
  readonly #guests: Guests;
  readonly #history: History;
  /** What home has, as far as this mosd knows. */
  readonly #taken = new Map<string, OutputOffsets>();
  readonly #takers = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(guests: Guests, history: History) {
    this.#guests = guests;
    this.#history = history;
    guests.listen({ looked: (record) => this.#look(record), removed: (record) => this.#forget(record) });
  }

  /** Home follows the output from these offsets on; the returned function says that it no longer does. */
  follow(record: GuestRecord, from: OutputOffsets): () => void {
    const key = guestKey(record.job, record.cluster);
    this.#takers.set(key, (this.#takers.get(key) ?? 0) + 1);
    this.#raise(key, from);
    return () => {
      const left = (this.#takers.get(key) ?? 1) - 1;
      if (left > 0) this.#takers.set(key, left);
      else this.#takers.delete(key);
    };
  }

  /** Home has everything before these offsets on its disk. */
  async safeAtHome(record: GuestRecord, safe: OutputOffsets): Promise<void> {
    this.#raise(guestKey(record.job, record.cluster), safe);
    const before = record.safeOutput ?? nothing;
    const grown = Math.max(safe.stdout - before.stdout, safe.stderr - before.stderr);
    if (grown < punchEveryBytes) return;
    await this.#guests.change(record, { safeOutput: safe });
    for (const stream of ['stdout', 'stderr'] as const)
      await punchDelivered(join(record.folder.dir, stream), safe[stream]);
  }

  async #look(seen: GuestRecord): Promise<void> {
    const aheadBytes = await this.#aheadOf(seen);
    const limitBytes = await this.#limitOf(seen, aheadBytes);
    if (isOutputHeld({ isHeld: isHeld(seen), aheadBytes }, limitBytes) === isHeld(seen)) return;
    await this.#guests.queue.run(guestKey(seen.job, seen.cluster), async () => {
      const record = this.#guests.find(seen.job, seen.cluster);
      if (record?.phase !== 'running' || record.generation !== seen.generation) return;
      if (isHeld(record) !== isHeld(seen)) return;
      if (isHeld(record)) await this.release(record);
      else await this.#hold(record, aheadBytes);
    });
  }

  async #hold(record: GuestRecord, aheadBytes: number): Promise<void> {
    const process = processOf(record);
    if (!(await isAlive(process))) return;
    // Written down first: a mosd that finds it stopped must know why.
    await this.#guests.change(record, { outputHeld: true });
    await stopTree(process);
    this.#tellOnce(record, `${aheadBytes} bytes of its output wait to be taken`);
  }

  /** Lets a held job go on, unless its user has stopped it. To be called in the guest's queue. */
  async release(record: GuestRecord): Promise<GuestRecord> {
    if (!isHeld(record)) return record;
    if (!record.userStopped) await continueTree(processOf(record));
    return this.#guests.change(record, { outputHeld: false });
  }

  /** It may be held many times a minute. */
  #tellOnce(record: GuestRecord, text: string): void {
    const key = guestKey(record.job, record.cluster);
    if (!this.#told.has(key))
      this.#history.add({
        event: 'held',
        job: record.job,
        generation: record.generation,
        node: record.you,
        reason: text,
      });
    this.#told.add(key);
  }

  async #aheadOf(record: GuestRecord): Promise<number> {
    const taken = this.#taken.get(guestKey(record.job, record.cluster)) ?? record.safeOutput ?? nothing;
    const size = (name: string): Promise<number> =>
      stat(join(record.folder.dir, name)).then(
        (stats) => stats.size,
        () => 0,
      );
    const [stdout, stderr] = await Promise.all([size('stdout'), size('stderr')]);
    return bytesBetween(taken, { stdout, stderr });
  }

  async #limitOf(record: GuestRecord, aheadBytes: number): Promise<number> {
    const isTaken = this.#takers.has(guestKey(record.job, record.cluster));
    const needsLook = isHeld(record) || aheadBytes > outputLimits.onAnyDisk;
    return outputLimit(isTaken, needsLook ? await freeBytes(record.folder.dir) : Infinity);
  }

  #raise(key: string, to: OutputOffsets): void {
    const now = this.#taken.get(key) ?? nothing;
    this.#taken.set(key, {
      stdout: Math.max(now.stdout, to.stdout),
      stderr: Math.max(now.stderr, to.stderr),
    });
  }

  #forget(record: GuestRecord): void {
    const key = guestKey(record.job, record.cluster);
    this.#taken.delete(key);
    this.#told.delete(key);
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function isHeld(record: GuestRecord): boolean {
  return record.outputHeld === true;
}
