import { useSyncExternalStore } from 'react';
import { Box, useInput } from 'ink';
import { bottomRows, headerRow, totalsRow } from '../chrome.js';
import { drawHelp } from '../help.js';
import { keyNames } from '../keys.js';
import { isTooSmall, planLayout, smallestSize } from '../layout.js';
import type { MonitorState } from '../monitor-state.js';
import { fitRow, type Row } from '../row.js';
import type { Store } from '../store.js';
import type { Theme } from '../theme.js';
import { Panes } from './Panes.js';
import { Rows } from './Rows.js';

interface MonitorProps {
  readonly store: Store<MonitorState>;
  readonly theme: Theme;
  readonly onKey: (name: string) => void;
}

export function monitorElement(props: MonitorProps) {
  return <Monitor {...props} />;
}

/** The whole screen: state in, names of keys out. */
function Monitor({ store, theme, onKey }: MonitorProps) {
  const state = useSyncExternalStore(
    (onChange) => store.subscribe(onChange),
    () => store.get(),
  );
  useInput((input, key) => {
    for (const name of keyNames(input, key)) onKey(name);
  });
  const { columns, rows } = state.size;
  return (
    <Box flexDirection="column" width={columns} height={Math.max(1, rows - 1)}>
      {isTooSmall(state.size) ? (
        <Rows rows={[tooSmall(state, theme)]} width={columns} theme={theme} />
      ) : (
        <FullScreen state={state} theme={theme} />
      )}
    </Box>
  );
}

function FullScreen({ state, theme }: { readonly state: MonitorState; readonly theme: Theme }) {
  const { columns } = state.size;
  const row = (content: Row) => <Rows rows={[content]} width={columns} theme={theme} />;
  if (state.help !== null) {
    return (
      <>
        {row(headerRow(state, theme))}
        <Rows rows={drawHelp(state.size, state.help, theme)} width={columns} theme={theme} />
        <Rows rows={bottomRows(state, 1, theme)} width={columns} theme={theme} />
      </>
    );
  }
  const layout = planLayout(state);
  // A reason that needs two lines takes the second from the gap above it.
  const bottom = bottomRows(state, 1 + layout.gapBelow, theme);
  const above = { ...layout, gapBelow: layout.gapBelow - (bottom.length - 1) };
  return (
    <>
      {row(headerRow(state, theme))}
      <Panes state={state} layout={above} theme={theme} />
      {state.showTotals && row(totalsRow(state, theme))}
      <Rows rows={bottom} width={columns} theme={theme} />
    </>
  );
}

function tooSmall({ size }: MonitorState, { glyphs }: Theme): Row {
  const { columns, rows } = smallestSize;
  const text = `too small: needs ${columns}x${rows}`;
  return fitRow([['plain', text]], size.columns, glyphs.ellipsis);
}
