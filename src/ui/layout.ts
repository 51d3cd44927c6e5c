import type { NodeId } from '../core/ids.js';
import type { BarsInput } from './bars.js';
import { selectedJob, shownNodes, type MonitorState, type Size } from './monitor-state.js';

export const smallestSize: Size = { columns: 40, rows: 10 };

/** A pane's share of the screen, in cells. */
export interface Area {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** Where bars and jobs stand to each other, when both are shown. */
  readonly arrangement: 'stacked' | 'beside' | 'single';
  readonly bars: Area | null;
  readonly jobs: Area | null;
  /** Rows between the header and the bottom line(s). */
  readonly body: Area;
  /** Free rows below the body. */
  readonly gapBelow: number;
}

/** A tall screen has a free row above the bottom lines. */
const rowsForGap = 22;
const rowsForStacked = 30;
const columnsForBeside = 110;
const gapBeside = 2;
const gapStacked = 1;

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < smallestSize.columns || rows < smallestSize.rows;
}

/** Shares out the screen. The last row of the terminal stays free: writing into it could make it scroll. */
export function planLayout({ size, showJobs, showTotals }: MonitorState): Layout {
  const width = size.columns;
  const gapBelow = size.rows >= rowsForGap ? 1 : 0;
  const height = size.rows - 1 - gapBelow - (showTotals ? 3 : 2);
  const body: Area = { width, height };
  return { body, gapBelow, ...arrange(size, body, showJobs) };
}

function arrange(
  { rows }: Size,
  body: Area,
  showJobs: boolean,
): Pick<Layout, 'arrangement' | 'bars' | 'jobs'> {
  const { width, height } = body;
  if (!showJobs) return { arrangement: 'single', bars: body, jobs: null };
  if (rows >= rowsForStacked) {
    const bars = Math.round(height * 0.45);
    return {
      arrangement: 'stacked',
      bars: { width, height: bars },
      jobs: { width, height: height - bars - gapStacked },
    };
  }
  if (width >= columnsForBeside) {
    const jobs = Math.round(width * 0.52);
    return {
      arrangement: 'beside',
      bars: { width: width - jobs - gapBeside, height },
      jobs: { width: jobs, height },
    };
  }
  return { arrangement: 'single', bars: null, jobs: body };
}

/** What the bar chart is drawn from. */
export function barsInput(state: MonitorState, area: Area): BarsInput {
  const { snapshot, view } = state;
  return {
    view,
    numbering: state.numbering,
    nodes: shownNodes(state),
    firstNode: state.firstNode,
    highest: state.peaks[view],
    self: snapshot?.self ?? 0,
    jobs: snapshot?.jobs ?? [],
    pointedAt: pointedAt(state),
    width: area.width,
    height: area.height,
  };
}

function pointedAt(state: MonitorState): NodeId | null {
  return state.showJobs ? (selectedJob(state)?.where ?? null) : null;
}
