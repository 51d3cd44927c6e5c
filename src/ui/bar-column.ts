import { centre, truncate } from './cells.js';
import type { Axis } from './axis.js';
import type { ColumnPlan } from './columns.js';
import type { Span } from './row.js';
import type { Glyphs, Style } from './theme.js';
import type { Reading } from './views.js';

export interface ColumnInput {
  readonly reading: Reading;
  readonly axis: Axis;
  readonly plan: ColumnPlan;
  /** Rows of the chart. */
  readonly height: number;
  /** The uppermost row is kept for the values over the bars. */
  readonly headroom: number;
  /** Style of the bar. */
  readonly style: Style;
  readonly glyphs: Glyphs;
}

/** One node's column: a span for each row, from the top; null where nothing stands. */
export function drawColumn(input: ColumnInput): readonly (Span | null)[] {
  const { reading } = input;
  if (reading.kind === 'dead') return drawWord(input, 'DEAD', 'dead');
  if (reading.kind === 'waiting') return drawWord(input, 'wait', 'dim');
  return drawValue(input, reading);
}

function drawValue(
  input: ColumnInput,
  { value, total, label }: Extract<Reading, { kind: 'value' }>,
): readonly (Span | null)[] {
  const { axis, height, headroom, glyphs, plan, style } = input;
  const steps = glyphs.blocks.length;
  const scale = height - headroom;
  const filled = roundUp(axis.fraction(value) * scale * steps, value > 0);
  const top = total === undefined ? 0 : Math.round(axis.fraction(total) * scale);
  const rows = Array.from({ length: height }, (_, row): Span | null => {
    const below = height - 1 - row;
    const eighths = Math.min(steps, filled - below * steps);
    if (eighths > 0) return bar(style, glyphs.blocks[eighths - 1] ?? '', plan);
    return below < top ? bar('free', '+', plan) : null;
  });
  const highest = rows.findIndex((span) => span !== null);
  const labelRow = (highest === -1 ? height : highest) - 1;
  if (labelRow >= 0 && label.length < plan.columnWidth) {
    rows[labelRow] = [style === 'staleBar' ? 'dim' : 'plain', inColumn(label, plan)];
  }
  return rows;
}

/** A value above zero is seen, however small. */
function roundUp(steps: number, visible: boolean): number {
  return Math.max(Math.round(steps), visible ? 1 : 0);
}

function bar(style: Style, glyph: string, plan: ColumnPlan): Span {
  return [style, inColumn(glyph.repeat(plan.barWidth), plan)];
}

/** A word from top to bottom, standing on the floor; as much of it as the chart is high. */
function drawWord({ height, plan }: ColumnInput, word: string, style: Style): readonly (Span | null)[] {
  const shown = word.slice(0, height);
  return Array.from({ length: height }, (_, row): Span | null => {
    const letter = shown[row - (height - shown.length)];
    return letter === undefined ? null : [style, inColumn(letter, plan)];
  });
}

/** Everything of one node is centred over the same cell. */
export function inColumn(text: string, plan: ColumnPlan): string {
  const room = plan.columnWidth > 2 ? plan.columnWidth - 1 : plan.columnWidth;
  const shown = truncate(text, room, '');
  return plan.columnWidth > 2 ? `${centre(shown, room)} ` : shown.padEnd(plan.columnWidth);
}
