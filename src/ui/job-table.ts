import { cellsOf, clean, padEnd, padStart, truncate } from './cells.js';
import { formatCpu, formatKib } from './format.js';
import type { JobRow } from './job-rows.js';
import type { Row, Span } from './row.js';
import type { Glyphs, Style, Theme } from './theme.js';

interface Column {
  readonly head: string;
  readonly width: number;
  readonly right?: boolean;
  /** The lowest goes first when the table is too wide. */
  readonly weight: number;
  text(job: JobRow, glyphs: Glyphs): string;
}

const leastCommand = 10;
const pointerWidth = 2;

/** The table of jobs, scrolled so that the selected one is on it: exactly `height` rows. */
export function drawJobTable(
  input: {
    readonly jobs: readonly JobRow[];
    readonly selected: JobRow | undefined;
    readonly width: number;
    readonly withHome?: boolean;
    /** Title of the column that stands out. */
    readonly sortedBy?: string;
  },
  height: number,
  theme: Theme,
): readonly Row[] {
  const { jobs, selected, width } = input;
  const all = allColumns(jobs, theme.glyphs).filter(({ head }) => input.withHome || head !== 'HOME');
  const columns = chooseColumns(all, width);
  const { shown } = shownJobs(jobs, selected, height);
  const rows = shown.map((job) => jobRow(job, job === selected, columns, width, theme));
  const blank = Array.from({ length: Math.max(0, height - 1 - rows.length) }, (): Row => []);
  return [headRow(columns, input.sortedBy), ...rows, ...blank];
}

/** The part of the list for which a table of `height` rows has room, with the selected job in its middle. */
export function shownJobs(
  jobs: readonly JobRow[],
  selected: JobRow | undefined,
  height: number,
): { readonly first: number; readonly shown: readonly JobRow[] } {
  const room = height - 1;
  const wanted = jobs.findIndex((job) => job === selected) - Math.floor(room / 2);
  const first = Math.max(0, Math.min(wanted, jobs.length - room));
  return { first, shown: jobs.slice(first, first + room) };
}

function allColumns(jobs: readonly JobRow[], glyphs: Glyphs): readonly Column[] {
  return [
    {
      head: 'JOB',
      width: widest(
        3,
        jobs.map(({ job }) => job),
      ),
      weight: 9,
      text: ({ job }) => job,
    },
    { head: 'PID', width: 7, right: true, weight: 1, text: ({ pid }) => (pid === null ? '-' : String(pid)) },
    { head: 'HOME', width: 4, right: true, weight: 6, text: ({ home }) => String(home) },
    {
      head: 'WHERE',
      width: widest(
        5,
        jobs.map((job) => whereText(job, glyphs)),
      ),
      right: true,
      weight: 8,
      text: whereText,
    },
    {
      head: 'STATE',
      width: widest(
        7,
        jobs.map(({ state }) => state),
      ),
      weight: 4,
      text: ({ state }) => state,
    },
    {
      head: 'NMIGS',
      width: 5,
      right: true,
      weight: 3,
      text: ({ nmigs }) => (nmigs === null ? '-' : String(nmigs)),
    },
    { head: 'CPU', width: 5, right: true, weight: 5, text: ({ cpu }) => formatCpu(cpu) },
    { head: 'RSS', width: 8, right: true, weight: 2, text: ({ rssKib }) => formatKib(rssKib) },
  ];
}

function widest(least: number, texts: readonly string[]): number {
  return Math.max(least, ...texts.map(cellsOf));
}

function whereText({ where, movingTo }: JobRow, { arrow }: Glyphs): string {
  return movingTo === null ? String(where) : `${where}${arrow}${movingTo}`;
}

function chooseColumns(all: readonly Column[], width: number): readonly Column[] {
  let columns = all;
  while (width - widthOf(columns) < leastCommand && columns.length > 1) {
    const least = Math.min(...columns.map(({ weight }) => weight));
    columns = columns.filter(({ weight }) => weight !== least);
  }
  return columns;
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width + 2, pointerWidth);
}

function headRow(columns: readonly Column[], sortedBy: string | undefined): Row {
  const heads = columns.map((column): Span => [
    column.head === sortedBy ? 'bold' : 'dim',
    `${align(column.head, column)}  `,
  ]);
  return [['dim', ' '.repeat(pointerWidth)], ...heads, ['dim', 'COMMAND']];
}

function align(text: string, { width, right }: Column): string {
  return right ? padStart(text, width) : padEnd(text, width);
}

function jobRow(
  job: JobRow,
  selected: boolean,
  columns: readonly Column[],
  width: number,
  { glyphs, utf8 }: Theme,
): Row {
  const cells = columns.map((column) => `${align(column.text(job, glyphs), column)}  `).join('');
  const text = truncate(cells + clean(job.command, utf8), width - pointerWidth, glyphs.ellipsis);
  const pointer = selected ? glyphs.pointer : job.cantmove.length > 0 ? '!' : ' ';
  const style = selected ? 'selected' : styleOf(job);
  return [
    [selected ? 'accent' : 'warning', padEnd(pointer, pointerWidth)],
    [style, selected ? text + ' '.repeat(Math.max(0, width - pointerWidth - cellsOf(text))) : text],
  ];
}

function styleOf({ state }: JobRow): Style {
  if (state === 'moving') return 'accent';
  if (state === 'unreachable' || state === 'lost') return 'warning';
  return state === 'done' || state === 'stopped' ? 'dim' : 'plain';
}
