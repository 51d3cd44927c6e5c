import { cellsOf, truncate } from './cells.js';
import type { Style, Theme } from './theme.js';

/** A row of the screen before it is painted. */
export type Span = readonly [style: Style, text: string];
export type Row = readonly Span[];

export function rowWidth(row: Row): number {
  return row.reduce((sum, [, text]) => sum + cellsOf(text), 0);
}

/** Cuts a row to `width` cells. */
export function fitRow(row: Row, width: number, ellipsis: string): Row {
  if (rowWidth(row) <= width) return row;
  const kept: Span[] = [];
  let room = width;
  for (const [style, text] of row) {
    const cells = cellsOf(text);
    if (cells >= room) {
      // Whatever comes next does not fit, so the mark belongs here even if this span just does.
      kept.push([style, truncate(`${text}${ellipsis}`, room, ellipsis)]);
      break;
    }
    kept.push([style, text]);
    room -= cells;
  }
  return kept;
}

/** `left` and `right` at the two ends; the left side gives way. */
export function spread(left: Row, right: Row, width: number, ellipsis: string): Row {
  const rightWidth = rowWidth(right);
  if (rightWidth + 1 > width) return fitRow(left, width, ellipsis);
  const fitted = fitRow(left, width - rightWidth - 1, ellipsis);
  return [...fitted, ['plain', ' '.repeat(width - rightWidth - rowWidth(fitted))], ...right];
}

/** A row as the terminal wants it; neighbours of one style share their escape sequence. */
export function paint(row: Row, theme: Theme): string {
  let painted = '';
  let current = '';
  for (const [style, text] of row) {
    const wanted = theme.sgr[style];
    if (wanted !== current) {
      painted += (current === '' ? '' : '\u001b[0m') + (wanted === '' ? '' : `\u001b[${wanted}m`);
      current = wanted;
    }
    painted += text;
  }
  return current === '' ? painted : `${painted}\u001b[0m`;
}
