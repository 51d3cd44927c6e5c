import { setTimeout as delay } from 'node:timers/promises';
import type { JobId, NodeId } from '../../core/ids.js';
import type { MoveOutcome } from '../../protocol/messages.js';

const lookMs = 200;
const againMs = 1_000;
const mostAttempts = 3;
/** So long a job that cannot be moved now (it starts, it ends) is waited for while nobody works on that. */
const hopelessMs = 10_000;

/** A job that is on the wrong side. */
export interface Straggler {
  readonly job: JobId;
  readonly where: NodeId;
  /** It runs, so it can be moved now; otherwise it starts, moves or is being collected. */
  readonly isReady: boolean;
  /** Why nobody goes on with it by itself, or null. */
  readonly stuck: string | null;
}

export interface Emptying {
  readonly list: () => readonly Straggler[];
  readonly move: (job: JobId) => Promise<MoveOutcome>;
  readonly timeoutMs: number;
}

interface Try {
  count: number;
  nextMs: number;
  isUnderWay: boolean;
}

/**
 * `bring` and `expel`: goes on until no job is on the wrong side any more, with those that were on their way when it
 * began, or until nothing more can be done about the rest. Answers what became of each.
 */
export async function empty({ list, move, timeoutMs }: Emptying): Promise<readonly MoveOutcome[]> {
  const outcomes = new Map<JobId, MoveOutcome>();
  const tries = new Map<JobId, Try>();
  const beginMs = performance.now();
  for (;;) {
    const there = list();
    const nowMs = performance.now();
    for (const { job, isReady } of there) if (isReady) attempt(job, nowMs);
    if (there.every((straggler) => isHopeless(straggler, nowMs))) return answer(there, null);
    if (nowMs - beginMs >= timeoutMs)
      return answer(there, 'not done within the time given; it goes on in the background');
    await delay(Math.min(lookMs, Math.max(1, timeoutMs - (nowMs - beginMs))));
  }

  function attempt(job: JobId, nowMs: number): void {
    const tried = tries.get(job) ?? { count: 0, nextMs: 0, isUnderWay: false };
    if (tried.isUnderWay || tried.count >= mostAttempts || nowMs < tried.nextMs) return;
    tries.set(job, { ...tried, isUnderWay: true });
    const settle = (outcome: MoveOutcome): void => {
      outcomes.set(job, outcome);
      tries.set(job, { count: tried.count + 1, nextMs: performance.now() + againMs, isUnderWay: false });
    };
    move(job).then(settle, (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      settle({ moved: false, job, where: 0, reason });
    });
  }

  function isHopeless({ job, isReady, stuck }: Straggler, nowMs: number): boolean {
    const tried = tries.get(job);
    if (tried?.isUnderWay) return false;
    if (isReady) return (tried?.count ?? 0) >= mostAttempts;
    return stuck !== null && nowMs - beginMs >= hopelessMs;
  }

  /** What went, and what is still there; a job that ended meanwhile is neither. */
  function answer(there: readonly Straggler[], late: string | null): readonly MoveOutcome[] {
    const left = there.map(({ job, where, stuck }): MoveOutcome => {
      const last = outcomes.get(job);
      const reason = late ?? (last?.moved === false ? last.reason : (stuck ?? 'it came again'));
      return { moved: false, job, where, reason };
    });
    const isLeft = new Set(left.map(({ job }) => job));
    const gone = [...outcomes.values()].filter((outcome) => outcome.moved && !isLeft.has(outcome.job));
    return [...gone, ...left];
  }
}
