import type { MoveReason } from './cluster-map.js';
import type { NodeId } from './ids.js';
import type { DriverName } from './job-spec.js';

/**
 * What home writes into a job's journal before each step of a move. COMMIT is the only point of no return: before it
 * the job belongs to `from`, after it to `to`.
 */
export type MoveStep =
  /** Before any node hears of the generation: whatever becomes of the move, no other will ever have it. */
  | { readonly step: 'claim'; readonly generation: number; readonly atMs: number }
  | {
      readonly step: 'begin';
      /** Generation the job gets by the commit. */
      readonly generation: number;
      readonly from: NodeId;
      readonly to: NodeId;
      readonly driver: DriverName;
      readonly why: MoveReason;
      /** `from` is gone: it is neither asked nor told, and an undo does not bring the job back there. */
      readonly isLost?: boolean;
      /** The committed move whose target is gone: `to` still has the job frozen for it, and lets it go on. Is its own COMMIT. */
      readonly revives?: number;
      /** Both nodes see the same job folder: it must outlive the source's part. */
      readonly dirShared: boolean;
      readonly atMs: number;
    }
  | { readonly step: 'commit'; readonly generation: number; readonly atMs: number }
  | {
      readonly step: 'done';
      readonly generation: number;
      readonly frozenMs: number;
      readonly bytes: number;
      readonly atMs: number;
    }
  | { readonly step: 'abort'; readonly generation: number; readonly reason: string; readonly atMs: number };

export type BeginStep = Extract<MoveStep, { step: 'begin' }>;

/** What a mosd that finds this journal has to do. The same whoever recovers. */
export type Recovery =
  | { readonly kind: 'nothing' }
  /** Before COMMIT: the target discards, the source continues. */
  | { readonly kind: 'undo'; readonly move: BeginStep }
  /** After COMMIT: the target continues, the source discards. */
  | { readonly kind: 'finish'; readonly move: BeginStep };

export function recoveryOf(journal: readonly MoveStep[]): Recovery {
  let open: BeginStep | null = null;
  let committed = false;
  for (const entry of journal) {
    if (entry.step === 'begin') {
      open = entry;
      committed = isCommit(entry);
    } else if (entry.step !== 'claim' && open && entry.generation === open.generation) {
      if (entry.step === 'commit') committed = true;
      else open = entry.step === 'abort' && committed ? open : null;
    }
  }
  if (!open) return { kind: 'nothing' };
  return { kind: committed ? 'finish' : 'undo', move: open };
}

/** Nothing has to be prepared for what its node still holds: BEGIN and COMMIT are one entry, so that none stands alone. */
function isCommit(entry: MoveStep): boolean {
  return entry.step === 'begin' && entry.revives !== undefined;
}

/** Where the journal says the job is: the node and generation of the last commit, or the start. */
export function placeOf(
  journal: readonly MoveStep[],
  start: { readonly where: NodeId; readonly generation: number },
): { readonly where: NodeId; readonly generation: number } {
  let begun: BeginStep | null = null;
  let place = start;
  for (const entry of journal) {
    if (entry.step === 'begin') begun = entry;
    if (begun && isCommit(entry)) place = { where: begun.to, generation: begun.generation };
    if (entry.step === 'commit' && begun?.generation === entry.generation) {
      place = { where: begun.to, generation: entry.generation };
    }
  }
  return place;
}

/**
 * What home wants of a guest that a node reports while no move is under way; null = it is where it should be. The
 * generation is the one below which (and as a stopped copy also at which) nothing may stay there.
 */
export function staleBelow(
  place: { readonly where: NodeId; readonly generation: number },
  node: NodeId,
  guest: { readonly generation: number },
): number | null {
  if (place.where === node && place.generation === guest.generation) return null;
  return Math.max(place.generation, guest.generation);
}

/** Generations are never used twice, also not after a move that was given up: what is older is stale for certain. */
export function nextGeneration(journal: readonly MoveStep[], start: { readonly generation: number }): number {
  return Math.max(start.generation, ...journal.map((entry) => entry.generation)) + 1;
}

/** Reads one journal entry; throws on anything else. */
export function parseMoveStep(value: unknown): MoveStep {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const numbers = (names: readonly string[]): boolean => names.every((name) => Number.isFinite(entry[name]));
  const fits =
    (entry['step'] === 'begin' &&
      numbers(['generation', 'from', 'to', 'atMs']) &&
      ['criu', 'app', 'restart'].some((driver) => driver === entry['driver']) &&
      typeof entry['why'] === 'string' &&
      typeof entry['dirShared'] === 'boolean' &&
      ['boolean', 'undefined'].includes(typeof entry['isLost']) &&
      ['number', 'undefined'].includes(typeof entry['revives'])) ||
    ((entry['step'] === 'claim' || entry['step'] === 'commit') && numbers(['generation', 'atMs'])) ||
    (entry['step'] === 'done' && numbers(['generation', 'atMs', 'frozenMs', 'bytes'])) ||
    (entry['step'] === 'abort' && numbers(['generation', 'atMs']) && typeof entry['reason'] === 'string');
  if (!fits) throw new Error('not a step of a move');
  return entry as unknown as MoveStep;
}
