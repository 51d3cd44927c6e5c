import { Box } from 'ink';
import { drawBars } from '../bars.js';
import { drawJobs } from '../jobs-pane.js';
import { barsInput, type Area, type Layout } from '../layout.js';
import { jobsOf, selectedJob, type MonitorState } from '../monitor-state.js';
import { drawNotice, noticeOf } from '../notice.js';
import type { Theme } from '../theme.js';
import { Rows } from './Rows.js';

interface PaneProps {
  readonly state: MonitorState;
  readonly area: Area;
  readonly theme: Theme;
}

function BarsPane({ state, area, theme }: PaneProps) {
  const notice = noticeOf(state);
  const rows =
    notice === null ? drawBars(barsInput(state, area), theme) : drawNotice(notice, area, theme.glyphs);
  return <Rows rows={rows} width={area.width} theme={theme} />;
}

function JobsPane({ state, area, theme }: PaneProps) {
  const { moves } = state;
  const rows = drawJobs({ ...area, jobs: jobsOf(state), selected: selectedJob(state), moves }, theme);
  return <Rows rows={rows} width={area.width} theme={theme} />;
}

interface PanesProps {
  readonly state: MonitorState;
  readonly layout: Layout;
  readonly theme: Theme;
}

/** Bars and jobs, one or both. */
export function Panes({ state, layout, theme }: PanesProps) {
  return (
    <Box
      flexDirection={layout.arrangement === 'beside' ? 'row' : 'column'}
      justifyContent="space-between"
      width={layout.body.width}
      height={layout.body.height}
      marginBottom={layout.gapBelow}
      flexShrink={0}
    >
      {layout.bars && <BarsPane state={state} area={layout.bars} theme={theme} />}
      {layout.jobs && <JobsPane state={state} area={layout.jobs} theme={theme} />}
    </Box>
  );
}
