import { cellsOf, clean, padEnd, wrap } from '../cells.js';
import { formatClock, formatKib, formatLoad, plural } from '../format.js';
import type { JobRow } from '../job-rows.js';
import { drawJobTable, shownJobs } from '../job-table.js';
import { detailOf } from '../jobs-pane.js';
import { isArrow, keyName } from '../keys.js';
import { isTooSmall, smallestSize } from '../layout.js';
import { fitRow, rowWidth, spread, type Row } from '../row.js';
import type { Theme } from '../theme.js';
import { totalsOf } from '../totals.js';
import { topKeys, type Question } from './keys.js';
import { rowsOf, type TopState } from './top-state.js';

const headRows = 2;
const footRows = 2;

/** The last row of the terminal stays free: writing into it could make it scroll. */
export function tableHeight({ size }: Pick<TopState, 'size'>): number {
  return Math.max(1, size.rows - 1 - headRows - footRows);
}

/** mtop's whole screen. */
export function drawTop(state: TopState, theme: Theme): readonly Row[] {
  const { columns } = state.size;
  const { ellipsis } = theme.glyphs;
  if (isTooSmall(state.size)) {
    const text = `too small: needs ${smallestSize.columns}x${smallestSize.rows}`;
    return [fitRow([['plain', text]], columns, ellipsis)];
  }
  const rows = rowsOf(state);
  const selected = rows.find(({ job }) => job === state.selected);
  const body = state.isHelpShown
    ? helpRows(state, theme)
    : [
        ...drawJobTable(
          { jobs: rows, selected, width: columns, withHome: true, sortedBy: state.order.by },
          tableHeight(state),
          theme,
        ),
        detailRow(state, selected, theme),
      ];
  return [
    titleRow(state, rows, selected, theme),
    totalsRow(state, theme),
    ...body,
    bottomRow(state, theme),
  ].map((row) => fitRow(row, columns, ellipsis));
}

function titleRow(
  state: TopState,
  rows: readonly JobRow[],
  selected: JobRow | undefined,
  { glyphs }: Theme,
): Row {
  const { snapshot, filter, order, size } = state;
  const { first, shown } = shownJobs(rows, selected, tableHeight(state));
  const words = [
    ...(filter === 'all' ? [] : [`only ${filter}`]),
    `by ${order.by}${order.isReversed ? ' reversed' : ''}`,
    ...(shown.length < rows.length ? [`${first + 1} to ${first + shown.length} of ${rows.length}`] : []),
  ];
  const left: Row = [
    ['bold', ' mtop '],
    ['plain', ` ${words.join(` ${glyphs.dot} `)}`],
  ];
  const where = snapshot && snapshot.self !== 0 ? `node ${snapshot.self}  ` : '';
  const clock = snapshot ? formatClock(snapshot.atMs) : '';
  return spread(left, [['dim', `${where}${clock} `]], size.columns, glyphs.ellipsis);
}

function totalsRow({ snapshot }: TopState, { glyphs }: Theme): Row {
  if (!snapshot) return [['dim', ' asking the nodes']];
  const totals = totalsOf(snapshot);
  const guests = snapshot.guests.length;
  const words = [
    `${totals.operational} of ${plural(totals.nodes, 'node')} up`,
    `load ${formatLoad(totals.meanLoad)} on ${plural(totals.cpus, 'cpu')}`,
    `${plural(totals.jobs, 'job')}, ${totals.away} away`,
    plural(guests, 'guest'),
    `memory ${formatKib(totals.usedKib)} of ${formatKib(totals.totalKib)}`,
  ];
  return [['dim', ` ${words.join(` ${glyphs.dot} `)}`]];
}

function detailRow({ snapshot, size }: TopState, selected: JobRow | undefined, theme: Theme): Row {
  if (!snapshot) return [];
  if (!selected) return [['dim', '  no jobs; mosrun starts one']];
  const [style, text] = detailOf(selected, theme);
  const head = `  ${selected.job} `;
  const [line = ''] = wrap(text, size.columns - cellsOf(head), 1, theme.glyphs.ellipsis);
  return [
    ['bold', head],
    [style, line],
  ];
}

function bottomRow(state: TopState, theme: Theme): Row {
  if (state.question) return questionRow(state.question);
  const said = state.message ?? (state.trouble === null ? null : { kind: 'problem', text: state.trouble });
  if (said) return [[said.kind === 'problem' ? 'warning' : 'bold', ` ${clean(said.text, theme.utf8)}`]];
  if (state.isHelpShown) return [...hint('Esc', 'back'), ...hint('q', 'quit')];
  const words = [...new Set(topKeys.flatMap(({ short }) => short ?? []))];
  const entries = words.map((word) => {
    const keys = topKeys.filter(({ short }) => short === word).map(({ shown }) => shown);
    return { word, row: hint(keys.join(' '), word) };
  });
  const always = entries.filter(({ word }) => word === 'help' || word === 'quit');
  let room = state.size.columns - always.reduce((sum, { row }) => sum + rowWidth(row), 0);
  return entries
    .filter((entry) => always.includes(entry) || (room -= rowWidth(entry.row)) >= 0)
    .flatMap(({ row }) => row);
}

function questionRow({ what, job, typed }: Question): Row {
  const asked = what === 'node' ? ` send ${job} to node ` : ` signal for ${job}: `;
  return [
    ['bold', asked],
    ['accent', `${typed}_`],
    ['plain', ' '],
    ...hint('Enter', what === 'node' || typed !== '' ? 'go' : 'TERM'),
    ...(what === 'node' ? [...hint('h', 'home'), ...hint('b', 'best')] : []),
    ...hint('Esc', 'no'),
  ];
}

function hint(key: string, word: string): Row {
  return [
    ['key', ` ${key}`],
    ['dim', ` ${word} `],
  ];
}

const keyColumn = 8;
const columnsForTwo = 80;

function helpRows({ size }: TopState, { utf8 }: Theme): readonly Row[] {
  const height = size.rows - 1 - headRows - 1;
  const lines = topKeys.map(({ shown, text }) => ({
    shown: isArrow(shown) ? keyName(shown, utf8) : shown,
    text,
  }));
  const isWide = size.columns >= columnsForTwo;
  const perColumn = isWide ? Math.ceil(lines.length / 2) : lines.length;
  return Array.from({ length: height }, (_, i): Row => {
    if (i >= perColumn) return [];
    const both = [lines[i], ...(isWide ? [lines[i + perColumn]] : [])].filter((line) => line !== undefined);
    return both.flatMap(({ shown, text }, at): Row => [
      ['key', ` ${padEnd(shown, keyColumn)}`],
      ['plain', at === 0 && isWide ? padEnd(text, Math.floor(size.columns / 2) - keyColumn - 1) : text],
    ]);
  });
}
