import { memo } from 'react';
import { Box, Text, Transform } from 'ink';
import { paint, type Row } from '../row.js';
import type { Theme } from '../theme.js';

/**
 * One row of the screen, already painted. ink keeps every text that it has ever measured, for ever: a screen that
 * changes each second would grow by hundreds of megabytes a day. So it measures blanks, and the row is put in their
 * place when it draws.
 */
const PaintedRow = memo(function PaintedRow({
  text,
  width,
}: {
  readonly text: string;
  readonly width: number;
}) {
  return (
    <Transform transform={() => text}>
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
        <PaintedRow key={i} text={paint(row, theme)} width={width} />
      ))}
    </Box>
  );
}
