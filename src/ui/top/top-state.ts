import type { ClusterSnapshot } from '../../core/cluster-map.js';
import type { JobId } from '../../core/ids.js';
import { jobRowsOf, type JobRow } from '../job-rows.js';
import type { Message, Size } from '../monitor-state.js';
import type { Question } from './keys.js';
import { sortRows, type Order } from './sort.js';

export const filters = ['all', 'home', 'away', 'guests'] as const;
export type Filter = (typeof filters)[number];

/** Everything that mtop shows follows from this. */
export interface TopState {
  readonly size: Size;
  readonly order: Order;
  readonly filter: Filter;
  readonly selected: JobId | null;
  readonly question: Question | null;
  readonly isHelpShown: boolean;
  readonly message: Message | null;
  readonly trouble: string | null;
  readonly snapshot: ClusterSnapshot | null;
}

export type TopSettings = Partial<Pick<TopState, 'order' | 'filter'>>;

export function initialTop(size: Size, settings: TopSettings = {}): TopState {
  return {
    size,
    order: { by: 'CPU', isReversed: false },
    filter: 'all',
    selected: null,
    question: null,
    isHelpShown: false,
    message: null,
    trouble: null,
    snapshot: null,
    ...settings,
  };
}

/** A snapshot came. The selected job stays selected wherever it is sorted to. */
export function receiveTop(state: TopState, snapshot: ClusterSnapshot): TopState {
  const next = { ...state, snapshot, trouble: null };
  const rows = rowsOf(next);
  if (rows.some(({ job }) => job === state.selected)) return next;
  const was = rowsOf(state).findIndex(({ job }) => job === state.selected);
  const selected = rows[Math.max(0, Math.min(was, rows.length - 1))]?.job ?? null;
  const isGone =
    state.question !== null && !jobRowsOf(snapshot).some(({ job }) => job === state.question?.job);
  return { ...next, selected, question: isGone ? null : state.question };
}

export function rowsOf({ snapshot, filter, order }: TopState): readonly JobRow[] {
  if (!snapshot) return [];
  return sortRows(
    jobRowsOf(snapshot).filter((row) => passes(row, filter)),
    order,
  );
}

function passes({ state, where, home }: JobRow, filter: Filter): boolean {
  if (filter === 'all') return true;
  if (filter === 'guests') return state === 'guest';
  return state !== 'guest' && (where === home) === (filter === 'home');
}
