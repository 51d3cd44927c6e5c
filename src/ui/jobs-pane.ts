import { cellsOf, clean, wrap } from './cells.js';
import { formatBytes, formatClock, formatDuration } from './format.js';
import type { JobRow } from './job-rows.js';
import { drawJobTable, shownJobs } from './job-table.js';
import type { Area } from './layout.js';
import type { SeenMove } from './moves.js';
import { fitRow, rowWidth, type Row, type Span } from './row.js';
import type { Glyphs, Theme } from './theme.js';

export interface JobsInput extends Area {
  readonly jobs: readonly JobRow[];
  readonly selected: JobRow | undefined;
  readonly moves: readonly SeenMove[];
}

const heightWithMoves = 12;
const mostMoves = 8;
const mostDetailRows = 2;

/** The jobs pane: what runs where, what is known of the selected job, and the moves. Exactly `height` rows. */
export function drawJobs(input: JobsInput, theme: Theme): readonly Row[] {
  const { width, height } = input;
  const movesHeight = height >= heightWithMoves ? Math.min(mostMoves, Math.floor(height / 3)) + 1 : 0;
  const detail = detailRows(input.selected, width, height >= heightWithMoves ? mostDetailRows : 1, theme);
  const tableHeight = height - movesHeight - 1 - detail.length;
  const rows = [
    rule(jobsTitle(input, tableHeight, theme.glyphs), width, theme.glyphs),
    ...drawJobTable(input, tableHeight, theme),
    ...detail,
    ...(movesHeight > 0 ? drawMoves(input.moves, width, movesHeight, theme.glyphs) : []),
  ];
  return rows.map((row) => fitRow(row, width, theme.glyphs.ellipsis));
}

function jobsTitle({ jobs, selected }: JobsInput, tableHeight: number, { dot }: Glyphs): string {
  const own = jobs.filter(({ state }) => state !== 'guest' && state !== 'done' && state !== 'lost');
  const guests = jobs.filter(({ state }) => state === 'guest').length;
  const away = own.filter(({ where, home }) => where !== home).length;
  const { first, shown } = shownJobs(jobs, selected, tableHeight);
  return [
    `jobs ${own.length}`,
    `${away} away`,
    ...(guests > 0 ? [`guests ${guests}`] : []),
    ...(shown.length < jobs.length ? [`lines ${first + 1} to ${first + shown.length}`] : []),
  ].join(` ${dot} `);
}

function rule(title: string, width: number, glyphs: Glyphs): Row {
  const head: Row = [
    ['dim', `${glyphs.rule.repeat(2)} `],
    ['bold', title],
  ];
  const rest = width - rowWidth(head) - 1;
  return rest > 0 ? [...head, ['dim', ` ${glyphs.rule.repeat(rest)}`]] : head;
}

/** What a person wants to know before sending the selected job away. */
function detailRows(job: JobRow | undefined, width: number, most: number, theme: Theme): readonly Row[] {
  if (!job) return [[['dim', '  no jobs; mosrun starts one']]];
  const head = `  ${job.job} `;
  const [style, text] = detailOf(job, theme);
  const lines = wrap(text, width - cellsOf(head), most, theme.glyphs.ellipsis);
  return lines.map((line, i): Row => [
    i === 0 ? ['bold', head] : ['plain', ' '.repeat(cellsOf(head))],
    [style, line],
  ]);
}

export function detailOf(job: JobRow, { utf8 }: Theme): Span {
  if (job.state === 'guest') return ['dim', `is a guest of node ${job.home}`];
  if (job.movingTo !== null) {
    return ['accent', `moves to ${job.movingTo}${job.step ? `: ${clean(job.step, utf8)}` : ''}`];
  }
  if (job.cantmove.length > 0) return ['warning', `can't move: ${clean(job.cantmove.join('; '), utf8)}`];
  const how = job.driver === null ? 'no driver can move it' : `can move (${job.driver})`;
  return ['dim', job.lock ? `${how}, locked: no automatic migration` : how];
}

function drawMoves(
  moves: readonly SeenMove[],
  width: number,
  height: number,
  glyphs: Glyphs,
): readonly Row[] {
  const lines = moves.slice(0, height - 1).map((move) => moveRow(move, width, glyphs));
  const empty: Row = [['dim', '  none yet']];
  const shown = lines.length > 0 ? lines : [empty];
  return [
    rule('moves', width, glyphs),
    ...shown,
    ...Array.from({ length: height - 1 - shown.length }, (): Row => []),
  ];
}

const widthWithClock = 72;

function moveRow({ job, record }: SeenMove, width: number, glyphs: Glyphs): Row {
  const way = `${record.from} ${glyphs.arrow} ${record.to}`;
  const clock: Row = width >= widthWithClock ? [['dim', `${formatClock(record.atMs)}  `]] : [];
  return [
    ['plain', '  '],
    ...clock,
    ['plain', job.padEnd(7)],
    ['accent', way.padEnd(8)],
    ['plain', record.why.padEnd(28)],
    ['dim', `${formatDuration(record.frozenMs)}, ${formatBytes(record.bytes)}`],
  ];
}
