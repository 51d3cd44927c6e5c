import type { JobRow } from '../job-rows.js';

/** In the order of the table. */
export const sortColumns = ['JOB', 'PID', 'HOME', 'WHERE', 'STATE', 'NMIGS', 'CPU', 'RSS'] as const;
export type SortColumn = (typeof sortColumns)[number];

/** These begin with the highest, as in top. */
const highestFirst: ReadonlySet<SortColumn> = new Set(['NMIGS', 'CPU', 'RSS']);

export interface Order {
  readonly by: SortColumn;
  readonly isReversed: boolean;
}

/** `rows` come in the order of their births; equal ones keep it. */
export function sortRows(rows: readonly JobRow[], { by, isReversed }: Order): readonly JobRow[] {
  if (by === 'JOB') return isReversed ? rows.toReversed() : rows;
  const sign = highestFirst.has(by) === isReversed ? 1 : -1;
  return rows.toSorted((a, b) => sign * compare(valueOf(a, by), valueOf(b, by)));
}

export function nextColumn(by: SortColumn, step: -1 | 1): SortColumn {
  const at = sortColumns.indexOf(by) + step;
  return sortColumns[Math.max(0, Math.min(at, sortColumns.length - 1))] ?? by;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function valueOf(row: JobRow, by: Exclude<SortColumn, 'JOB'>): number | string {
  switch (by) {
    case 'PID':
      return row.pid ?? 0;
    case 'HOME':
      return row.home;
    case 'WHERE':
      return row.where;
    case 'STATE':
      return row.state;
    case 'NMIGS':
      return row.nmigs ?? -1;
    case 'CPU':
      return row.cpu;
    case 'RSS':
      return row.rssKib;
  }
}
