import { useSyncExternalStore } from 'react';
import { Box, useInput } from 'ink';
import { keyNames } from '../keys.js';
import type { Store } from '../store.js';
import type { Theme } from '../theme.js';
import { drawTop } from '../top/draw.js';
import type { TopState } from '../top/top-state.js';
import { Rows } from './Rows.js';

interface TopProps {
  readonly store: Store<TopState>;
  readonly theme: Theme;
  readonly onKey: (name: string) => void;
}

export function topElement(props: TopProps) {
  return <Top {...props} />;
}

function Top({ store, theme, onKey }: TopProps) {
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
      <Rows rows={drawTop(state, theme)} width={columns} theme={theme} />
    </Box>
  );
}
