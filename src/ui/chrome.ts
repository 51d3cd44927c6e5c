import { clean, wrap } from './cells.js';
import { formatLoad, plural } from './format.js';
import { isArrow, keyBindings, keyName } from './keys.js';
import type { Message, MonitorState } from './monitor-state.js';
import { fitRow, rowWidth, spread, type Row, type Span } from './row.js';
import type { Theme } from './theme.js';
import { totalsOf } from './totals.js';
import { viewNames, views, type View } from './views.js';

const columnsForName = 56;

/** The uppermost row: the views, each beginning with its key, and where we are. */
export function headerRow(state: MonitorState, theme: Theme): Row {
  const { columns } = state.size;
  const name: Row =
    columns >= columnsForName
      ? [
          ['bold', ' mosmon '],
          ['plain', ' '],
        ]
      : [];
  const tabs = viewNames.flatMap((view) => tab(view, view === state.view));
  const left = [...name, ...tabs];
  const right = place(state);
  const fits = rowWidth(left) + rowWidth(right) < columns;
  return fits
    ? spread(left, right, columns, theme.glyphs.ellipsis)
    : fitRow(left, columns, theme.glyphs.ellipsis);
}

function tab(view: View, current: boolean): Row {
  const key = keyBindings.find(({ action }) => action.do === 'view' && action.view === view)?.shown ?? '';
  const rest = views[view].name.slice(1);
  if (current) return [['tab', ` ${key}${rest} `]];
  return [
    ['plain', ' '],
    ['key', key],
    ['plain', `${rest} `],
  ];
}

function place({ snapshot }: MonitorState): Row {
  return snapshot && snapshot.self !== 0 ? [['dim', `node ${snapshot.self} `]] : [];
}

/** `t`: how many nodes work, and what they do together. */
export function totalsRow({ snapshot, size }: MonitorState, { glyphs }: Theme): Row {
  if (!snapshot) return [];
  const totals = totalsOf(snapshot);
  const parts = [
    `nodes ${totals.operational}/${totals.nodes}`,
    plural(totals.cpus, 'cpu'),
    `mean load ${formatLoad(totals.meanLoad)}`,
    `${plural(totals.jobs, 'job')}, ${totals.away} away`,
    ...(totals.moving > 0 ? [`${totals.moving} moving`] : []),
    ...(totals.monitorOnly > 0 ? [`${totals.monitorOnly} monitor only`] : []),
  ];
  return [['plain', asManyAsFit(parts, ` ${glyphs.dot} `, size.columns - 1)]];
}

function asManyAsFit(parts: readonly string[], between: string, width: number): string {
  const line = ` ${parts.join(between)}`;
  return line.length <= width || parts.length <= 1 ? line : asManyAsFit(parts.slice(0, -1), between, width);
}

const mostMessageRows = 2;

/** At the bottom: a question, the last answer, what is wrong, or the keys. Two rows at most, and one where it is tight. */
export function bottomRows(state: MonitorState, most: number, theme: Theme): readonly Row[] {
  const { columns } = state.size;
  const { ellipsis } = theme.glyphs;
  if (state.choosing) return [fitRow(question(state.choosing), columns, ellipsis)];
  if (state.help !== null) return [helpKeys(theme)];
  const message: Message | null =
    state.message ?? (state.trouble === null ? null : { kind: 'problem', text: state.trouble });
  if (!message) return [keyRow(state, theme)];
  const style = message.kind === 'problem' ? 'warning' : 'bold';
  const lines = wrap(clean(message.text, theme.utf8), columns - 2, Math.min(most, mostMessageRows), ellipsis);
  return lines.map((line): Row => [[style, ` ${line}`]]);
}

function helpKeys(theme: Theme): Row {
  return [...hint(scrollKeys(theme), 'more'), ...hint('Esc', 'back'), ...hint('q', 'quit')];
}

function question({ job, typed }: NonNullable<MonitorState['choosing']>): Row {
  return [
    ['bold', ` send ${job} to node `],
    ['accent', `${typed}_`],
    ['plain', ' '],
    ...hint('Enter', 'go'),
    ...hint('h', 'home'),
    ...hint('b', 'best'),
    ...hint('Esc', 'no'),
  ];
}

function hint(key: string, word: string): readonly Span[] {
  return [
    ['key', ` ${key}`],
    ['dim', ` ${word} `],
  ];
}

/** As many keys as fit, made from the table; help and quit are always there. */
function keyRow({ size, showJobs }: MonitorState, theme: Theme): Row {
  const words = [
    ...new Set(keyBindings.filter(({ jobsOnly }) => showJobs || !jobsOnly).map(({ short }) => short)),
  ];
  const entries = words.flatMap((word) => (word === undefined ? [] : [{ word, spans: entry(word, theme) }]));
  const always = entries.filter(({ word }) => word === 'help' || word === 'quit');
  const rest = entries
    .filter(({ word }) => word !== 'help' && word !== 'quit')
    .toSorted((a, b) => rank(a.word) - rank(b.word));
  const chosen = new Set(always);
  let room = size.columns - always.reduce((sum, { spans }) => sum + rowWidth(spans), 0);
  for (const candidate of rest) {
    room -= rowWidth(candidate.spans);
    if (room < 0) break;
    chosen.add(candidate);
  }
  return entries.filter((candidate) => chosen.has(candidate)).flatMap(({ spans }) => spans);
}

/** Which keys a narrow screen names first. */
const byImportance = ['jobs', 'send', 'select', 'dead', 'totals', 'scroll', 'numbers'];

function rank(word: string): number {
  return byImportance.indexOf(word);
}

function entry(word: string, theme: Theme): readonly Span[] {
  const keys = keyBindings
    .filter(({ short }) => short === word)
    .map(({ shown }) => shown.split(' ')[0] ?? '');
  const arrows = keys.some((key) => isArrow(key));
  return hint(
    arrows ? keys.map((key) => keyName(key, theme.utf8)).join(theme.utf8 ? '' : ' ') : keys.join(' '),
    word,
  );
}

function scrollKeys({ utf8 }: Theme): string {
  return ['↑', '↓'].map((key) => keyName(key, utf8)).join(utf8 ? '' : ' ');
}
