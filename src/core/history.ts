import { isJobId, isNodeId, type JobId, type NodeId } from './ids.js';

/**
 * What happened, one line of history.ndjson each. At home: placed, started, decided (by the balancer), moving, moved,
 * stays (a move that was refused or undone), undone, recovering, signal, orphaned, imaged, no image, stranded, found,
 * stale (something older was ended), waits (it is tried again), ended, lost. On a node: came, left, refused, held, again
 * (saved itself, started again), continued. Of nodes: up, down, monitor-only …: their state. Anywhere: fault, damaged,
 * set (a switch or the map), begins and ends (mosd).
 */
export interface HistoryEvent {
  readonly atMs: number;
  readonly event: string;
  readonly job?: JobId;
  readonly generation?: number;
  /** Where it happened, or where the job was. */
  readonly node?: NodeId;
  readonly to?: NodeId;
  readonly reason: string;
}

/** Null for a line that is none: a torn last one, or one that somebody edited. */
export function parseHistoryLine(line: string): HistoryEvent | null {
  const value = readObject(line);
  if (!value) return null;
  const { atMs, event, job, generation, node, to, reason } = value;
  if (typeof atMs !== 'number' || !Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return null;
  if (typeof event !== 'string' || typeof reason !== 'string') return null;
  return {
    atMs,
    event,
    reason,
    ...(typeof job === 'string' && isJobId(job) ? { job } : {}),
    ...(typeof generation === 'number' ? { generation } : {}),
    ...(isNodeId(node) ? { node } : {}),
    ...(isNodeId(to) ? { to } : {}),
  };
}

function readObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export interface HistoryQuery {
  readonly job: JobId | null;
  readonly sinceMs: number;
}

export function isAskedFor(event: HistoryEvent, { job, sinceMs }: HistoryQuery): boolean {
  return event.atMs >= sinceMs && (job === null || event.job === job);
}

/** `2026-11-21T05:24:34.843Z job 1-3 (2) moved 2 -> 1: balance the load; …` */
export function formatEvent({ atMs, event, job, generation, node, to, reason }: HistoryEvent): string {
  const time = new Date(atMs).toISOString();
  const who = job === undefined ? '' : ` job ${job}${generation === undefined ? '' : ` (${generation})`}`;
  const where = node === undefined ? '' : to === undefined ? ` node ${node}` : ` ${node} -> ${to}`;
  const words = job === undefined ? `${where} ${event}` : `${who} ${event}${where}`;
  return `${time}${words}${reason === '' ? '' : `: ${reason}`}`;
}
