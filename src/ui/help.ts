import { padEnd } from './cells.js';
import { keyBindings, keyName } from './keys.js';
import type { Size } from './monitor-state.js';
import { fitRow, type Row } from './row.js';
import type { Theme } from './theme.js';

const keyColumn = 8;
const columnsForTwo = 100;

const signs: readonly (readonly [string, string])[] = [
  ['DEAD', 'in the map, but does not answer'],
  ['wait', 'being contacted'],
  ['monitor', 'answers, but has no Node.js: takes no jobs'],
  ['block', 'takes no guests (mosctl block)'],
  ['quiet', 'gathers no load information (mosctl quiet)'],
  ['stay', 'no automatic migration (mosctl stay)'],
  ['5 s old', 'no news of the node for so long'],
];

interface HelpPage {
  /** Lines on the screen. */
  readonly height: number;
  /** Uppermost line of the last page. */
  readonly last: number;
}

export function helpPage(size: Size): HelpPage {
  const height = size.rows - 3;
  return { height, last: Math.max(0, helpLines(size).length - height) };
}

/** The help from line `first` on: exactly as many rows as the page has. */
export function drawHelp(size: Size, first: number, theme: Theme): readonly Row[] {
  const { height } = helpPage(size);
  const lines = helpLines(size).slice(first, first + height);
  const rows = lines.map((line): Row => {
    const spans = line.flatMap(({ key, text }, i): Row => {
      const width = i === 0 && line.length > 1 ? Math.floor(size.columns / 2) - keyColumn - 1 : 0;
      return [
        ['key', ` ${padEnd(keyName(key, theme.utf8), keyColumn)}`],
        ['plain', padEnd(text, width)],
      ];
    });
    return fitRow(spans, size.columns, theme.glyphs.ellipsis);
  });
  return [...rows, ...Array.from({ length: height - rows.length }, (): Row => [])];
}

interface Entry {
  readonly key: string;
  readonly text: string;
}

function helpLines({ columns }: Size): readonly (readonly Entry[])[] {
  const keys = keyBindings.map(({ shown, text }) => ({ key: shown, text }));
  const notes = signs.map(([key, text]) => ({ key, text }));
  if (columns < columnsForTwo) return [...keys, { key: '', text: '' }, ...notes].map((entry) => [entry]);
  const half = Math.ceil((keys.length + notes.length + 1) / 2);
  const all = [...keys, { key: '', text: '' }, ...notes];
  return Array.from({ length: half }, (_, i) =>
    [all[i], all[i + half]].filter((entry) => entry !== undefined),
  );
}
