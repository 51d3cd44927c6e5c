import { createContext, memo, useContext } from 'react';
import { Box, Text, Transform } from 'ink';
import { createCanvas } from '../canvas.js';
import { paint, rowWidth, type Row } from '../row.js';
import type { Theme } from '../theme.js';

export const CanvasContext = createContext(createCanvas());

interface MarkedRowProps {
  readonly text: string;
  readonly cells: number;
  readonly width: number;
}

/** One row of the screen, already painted; see canvas.ts for why ink gets blanks. */
const MarkedRow = memo(function MarkedRow({ text, cells, width }: MarkedRowProps) {
  const canvas = useContext(CanvasContext);
  return (
    <Transform transform={() => canvas.mark({ text, cells })}>
      <Text>{' '.repeat(width)}</Text>
    </Transform>
  );
});

interface RowsProps {
  readonly rows: readonly Row[];
  readonly width: number;
  readonly theme: Theme;
}

export function Rows({ rows, width, theme }: RowsProps) {
  return (
    <Box flexDirection="column" width={width} height={rows.length} flexShrink={0}>
      {rows.map((row, i) => (
        <MarkedRow key={i} text={paint(row, theme)} cells={rowWidth(row)} width={width} />
      ))}
    </Box>
  );
}
