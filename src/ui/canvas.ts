/** A row as the terminal wants it, and how many cells it takes there. */
export interface PaintedRow {
  readonly text: string;
  readonly cells: number;
}

/**
 * ink says where each row goes, and the canvas puts it there. ink draws cell by cell, in time for each of them, and
 * keeps every text that it has ever measured, for ever: a screen that changes each second would grow by hundreds of
 * megabytes a day. So what ink lays out and draws are blanks with a short mark in them.
 */
export interface Canvas {
  /** The mark that stands for the row until the frame is composed. */
  mark(row: PaintedRow): string;
  /** The frame with the rows in place of their marks, which are then forgotten. */
  compose(frame: string): string;
}

const markPattern = /\{(\d+)\}/g;

export function createCanvas(): Canvas {
  let rows: PaintedRow[] = [];
  return {
    mark: (row) => `{${rows.push(row) - 1}}`,
    compose: (frame) => {
      const marked = rows;
      rows = [];
      return frame
        .split('\n')
        .map((line) => composeLine(line, marked))
        .join('\n');
    },
  };
}

function composeLine(line: string, rows: readonly PaintedRow[]): string {
  let composed = '';
  let column = 0;
  for (const { index, 1: number } of line.matchAll(markPattern)) {
    const row = rows[Number(number)];
    if (!row) continue;
    composed += ' '.repeat(Math.max(0, index - column)) + row.text;
    column = Math.max(column, index) + row.cells;
  }
  return composed;
}
