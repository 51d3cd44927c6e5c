import type { ClusterSnapshot, NodeView } from '../core/cluster-map.js';
import type { JobId, NodeId } from '../core/ids.js';
import type { Numbering } from './columns.js';
import { jobRowsOf, type JobRow } from './job-rows.js';
import { addMoves, type SeenMove } from './moves.js';
import { highestOf, viewNames, type View } from './views.js';

/** Where the user sends a job: openMosix's migrate in its own words. */
export type Destination = NodeId | 'home' | 'balance';

export interface Message {
  readonly kind: 'info' | 'problem';
  readonly text: string;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Everything the screen shows follows from this. */
export interface MonitorState {
  readonly size: Size;
  readonly view: View;
  readonly numbering: Numbering;
  readonly showDead: boolean;
  readonly showTotals: boolean;
  readonly showJobs: boolean;
  /** First line of the help on the screen; null = no help. */
  readonly help: number | null;
  readonly firstNode: NodeId;
  readonly selected: JobId | null;
  /** A destination is being chosen for `job`. */
  readonly choosing: { readonly job: JobId; readonly typed: string } | null;
  readonly message: Message | null;
  /** Why no news come, while none come. */
  readonly trouble: string | null;
  readonly snapshot: ClusterSnapshot | null;
  readonly moves: readonly SeenMove[];
  /** What each axis has to reach; sinks slowly, so that the scale does not jump about. */
  readonly peaks: Readonly<Record<View, number>>;
}

export type Settings = Partial<
  Pick<MonitorState, 'view' | 'numbering' | 'showDead' | 'showTotals' | 'showJobs' | 'firstNode'>
>;

export function initialState(size: Size, settings: Settings = {}): MonitorState {
  return {
    size,
    view: 'load',
    numbering: 'automatic',
    showDead: false,
    showTotals: false,
    showJobs: false,
    help: null,
    firstNode: 1,
    selected: null,
    choosing: null,
    message: null,
    trouble: null,
    snapshot: null,
    moves: [],
    peaks: peaksOf([], null),
    ...settings,
  };
}

/** A snapshot came. */
export function receive(state: MonitorState, snapshot: ClusterSnapshot): MonitorState {
  const jobs = jobRowsOf(snapshot);
  const selected = keepSelected(state, jobs);
  const gone = state.choosing !== null && !jobs.some(({ job }) => job === state.choosing?.job);
  return {
    ...state,
    snapshot,
    selected,
    choosing: gone ? null : state.choosing,
    trouble: null,
    moves: addMoves(state.moves, state.snapshot, snapshot),
    peaks: peaksOf(snapshot.nodes, state.peaks),
  };
}

/** The selected job, or, when it has gone, the one that took its place in the list. */
function keepSelected({ selected, snapshot }: MonitorState, jobs: readonly JobRow[]): JobId | null {
  if (jobs.some(({ job }) => job === selected)) return selected;
  const was = snapshot ? jobRowsOf(snapshot).findIndex(({ job }) => job === selected) : 0;
  return jobs[Math.min(Math.max(0, was), jobs.length - 1)]?.job ?? null;
}

const sinking = 0.95;

function peaksOf(nodes: readonly NodeView[], before: MonitorState['peaks'] | null): MonitorState['peaks'] {
  const peaks = viewNames.map((view) => [
    view,
    Math.max(highestOf(view, nodes), (before?.[view] ?? 0) * sinking),
  ]);
  return Object.fromEntries(peaks) as Record<View, number>;
}

/** The nodes that have a bar. */
export function shownNodes({
  snapshot,
  showDead,
}: Pick<MonitorState, 'snapshot' | 'showDead'>): readonly NodeView[] {
  const nodes = (snapshot?.nodes ?? []).filter(({ state }) => showDead || state !== 'down');
  return nodes.toSorted((a, b) => a.node - b.node);
}

export function jobsOf({ snapshot }: Pick<MonitorState, 'snapshot'>): readonly JobRow[] {
  return snapshot ? jobRowsOf(snapshot) : [];
}

export function selectedJob(state: MonitorState): JobRow | undefined {
  return jobsOf(state).find(({ job }) => job === state.selected);
}
