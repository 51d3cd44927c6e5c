import { drawBars } from './bars.js';
import { bottomRows, headerRow, totalsRow } from './chrome.js';
import { drawHelp } from './help.js';
import { drawJobs } from './jobs-pane.js';
import { barsInput, isTooSmall, planLayout, smallestSize, type Area, type Layout } from './layout.js';
import { jobsOf, selectedJob, type MonitorState } from './monitor-state.js';
import { drawNotice, noticeOf } from './notice.js';
import { fitRow, rowWidth, type Row } from './row.js';
import type { Theme } from './theme.js';

/** The whole screen: one row less than the terminal has, each as wide as the terminal or less. */
export function drawFrame(state: MonitorState, theme: Theme): readonly Row[] {
  if (isTooSmall(state.size)) return [tooSmall(state, theme)];
  if (state.help !== null) {
    return [
      headerRow(state, theme),
      ...drawHelp(state.size, state.help, theme),
      ...bottomRows(state, 1, theme),
    ];
  }
  const layout = planLayout(state);
  const bottom = bottomRows(state, 1 + layout.gapBelow, theme);
  return [
    headerRow(state, theme),
    ...drawPanes(state, layout, theme),
    ...blankRows(layout.gapBelow - (bottom.length - 1)),
    ...(state.showTotals ? [totalsRow(state, theme)] : []),
    ...bottom,
  ];
}

function drawPanes(
  state: MonitorState,
  { bars, jobs, arrangement, body }: Layout,
  theme: Theme,
): readonly Row[] {
  const upper = bars ? drawBarsPane(state, bars, theme) : [];
  const lower = jobs ? drawJobsPane(state, jobs, theme) : [];
  if (arrangement === 'beside' && bars && jobs) return beside(upper, lower, body.width - jobs.width);
  return [...upper, ...blankRows(body.height - upper.length - lower.length), ...lower];
}

function drawBarsPane(state: MonitorState, area: Area, theme: Theme): readonly Row[] {
  const notice = noticeOf(state);
  if (notice !== null) return drawNotice(notice, area, theme.glyphs);
  return drawBars(barsInput(state, area), theme);
}

function drawJobsPane(state: MonitorState, area: Area, theme: Theme): readonly Row[] {
  return drawJobs({ ...area, jobs: jobsOf(state), selected: selectedJob(state), moves: state.moves }, theme);
}

/** The rows of `right` begin in column `column`. */
function beside(left: readonly Row[], right: readonly Row[], column: number): readonly Row[] {
  return left.map((row, i): Row => [
    ...row,
    ['plain', ' '.repeat(column - rowWidth(row))],
    ...(right[i] ?? []),
  ]);
}

function blankRows(count: number): readonly Row[] {
  return Array.from({ length: count }, (): Row => []);
}

function tooSmall({ size }: MonitorState, { glyphs }: Theme): Row {
  const { columns, rows } = smallestSize;
  return fitRow([['plain', `too small: needs ${columns}x${rows}`]], size.columns, glyphs.ellipsis);
}
