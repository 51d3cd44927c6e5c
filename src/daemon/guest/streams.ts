import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../../disk-error.js';
import type { JobId } from '../../core/ids.js';
import type { OutputOffsets } from '../../core/output-flow.js';
import { messageOf } from '../../errors.js';
import { endStdin, stdinPosition } from '../../jobs/sandbox.js';
import { writeFully } from '../../jobs/staging/receive-file.js';
import type { IoUp } from '../../protocol/messages.js';
import type { IoSource, JobEnd } from '../io-server.js';
import { guestKey, type GuestRecord } from './record.js';
import { processOf, type HomeIdentity } from './registry.js';
import type { GuestContext } from './service.js';

/** How far the spooled input may run ahead of what the job has read. */
const maxAheadBytes = 4 * 1024 * 1024;
const lookMs = 50;

/** A guest's streams as its node has them: the spools in the job's folder. */
export function guestStreams(
  context: GuestContext,
  home: HomeIdentity,
  job: JobId,
  from: OutputOffsets,
): IoSource {
  const record = context.guests.get(job, home.cluster);
  const { dir } = record.folder;
  const end = endOf(context, home, record);
  const input = new StdinSpool(join(dir, 'stdin.data'), () => context.guests.get(job, home.cluster));
  return {
    stdoutPath: join(dir, 'stdout'),
    stderrPath: join(dir, 'stderr'),
    ended: end.ended,
    takeStdin: (offset, bytes) => input.take(offset, bytes),
    endStdin: (offset) => input.end(offset),
    onStdinTaken: (tell) => input.onTaken(tell),
    onServed: () => {
      const leave = context.output.follow(record, from);
      return () => {
        leave();
        end.stop();
      };
    },
    control: (message) => control(context, home, job, message),
  };
}

function control(context: GuestContext, home: HomeIdentity, job: JobId, message: IoUp): void {
  const record = context.guests.find(job, home.cluster);
  if (message.type !== 'delivered' || !record) return;
  void context.output
    .safeAtHome(record, message)
    .catch((error: unknown) => context.log.write(`job ${job}: ${messageOf(error)}`));
}

/** Settles when this generation of the guest has ended here; never for one that moves away. */
function endOf(
  context: GuestContext,
  home: HomeIdentity,
  record: GuestRecord,
): { readonly ended: Promise<JobEnd>; stop(): void } {
  const tell = async (ended: GuestRecord): Promise<JobEnd> => ({
    exit: ended.exit ?? { kind: 'unknown', reason: 'no status was recorded' },
    messages: await context.guests.messagesOf(ended),
  });
  const now = context.guests.get(record.job, home.cluster);
  let stop = (): void => undefined;
  if (now.phase === 'ended') return { ended: tell(now), stop };
  const ended = new Promise<JobEnd>((resolve) => {
    stop = context.guests.listen({
      ended: (ended) => {
        if (guestKey(ended.job, ended.cluster) !== guestKey(record.job, home.cluster)) return;
        stop();
        void tell(ended).then(resolve);
      },
    });
  });
  return { ended, stop: () => stop() };
}

/** Standard input as a file that grows: its size is the offset, so a byte that comes twice lands once. */
class StdinSpool {
  readonly #path: string;
  readonly #record: () => GuestRecord;
  readonly #listeners = new Set<(offset: number) => void>();

  constructor(path: string, record: () => GuestRecord) {
    this.#path = path;
    this.#record = record;
  }

  onTaken(tell: (offset: number) => void): () => void {
    this.#listeners.add(tell);
    void this.#size().then(tell, () => undefined);
    return () => this.#listeners.delete(tell);
  }

  async take(offset: number, bytes: Buffer): Promise<void> {
    const file = await open(this.#path, 'r+');
    try {
      const { size } = await file.stat();
      if (offset <= size && offset + bytes.length > size) {
        await writeFully(file, bytes.subarray(size - offset), size);
      }
    } catch (error) {
      throw writeError(`cannot spool to ${this.#path}`, this.#path, error, 'then it goes on by itself');
    } finally {
      await file.close();
    }
    const size = await this.#size();
    for (const tell of this.#listeners) tell(size);
    await this.#waitForReader(size);
  }

  /**
   * Ends the input when all of it is here; repeating it is harmless. A job that is over needs none: this is no error,
   * or it would break the channel that brings its last output home.
   */
  async end(offset: number): Promise<void> {
    const size = await this.#size();
    const { process } = this.#record();
    if (process && size >= offset) await endStdin(process);
  }

  async #size(): Promise<number> {
    const file = await open(this.#path, 'r');
    try {
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  async #waitForReader(size: number): Promise<void> {
    while (this.#record().phase === 'running') {
      const read = await stdinPosition(processOf(this.#record()), this.#record().folder);
      if (read === null || size - read < maxAheadBytes) return;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}
