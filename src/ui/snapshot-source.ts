import type { ClusterSnapshot } from '../core/cluster-map.js';
import type { JobId } from '../core/ids.js';
import type { Destination, Message } from './monitor-state.js';

/** Where the monitor has its news from, and where it sends jobs through. */
export interface SnapshotSource {
  /**
   * Ends only after `close`; throws when there will never be news. `onTrouble` hears why no news come for the moment;
   * the next snapshot takes that back.
   */
  snapshots(onTrouble: (reason: string) => void): AsyncIterable<ClusterSnapshot>;
  /** Sends a job elsewhere and answers, in words, what became of it. */
  migrate(job: JobId, to: Destination): Promise<Message>;
  close(): void;
}

/** One that can also signal the jobs born here. */
export interface JobControl extends SnapshotSource {
  /** Answers, in words, what became of it. */
  signal(job: JobId, signal: string): Promise<Message>;
}
