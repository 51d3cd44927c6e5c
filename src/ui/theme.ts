/**
 * What a piece of text means; the theme decides how it looks. Nothing is said by colour alone, and the colours are
 * blue, orange and grey, which people with any colour vision tell apart.
 */
export type Style =
  | 'plain'
  | 'bold'
  | 'dim'
  /** A reading of a node. */
  | 'bar'
  /** Every second bar where they touch. */
  | 'otherBar'
  /** A reading that is some seconds old. */
  | 'staleBar'
  | 'free'
  | 'dead'
  /** Something that moves, or needs a look. */
  | 'accent'
  | 'warning'
  | 'key'
  | 'tab'
  | 'selected';

export interface Glyphs {
  /** From one eighth of a cell to a full one; in ASCII fewer steps. */
  readonly blocks: readonly string[];
  readonly axis: string;
  readonly tick: string;
  readonly corner: string;
  readonly floor: string;
  readonly rule: string;
  readonly grid: string;
  readonly job: string;
  readonly guest: string;
  readonly movingJob: string;
  readonly arrow: string;
  readonly pointer: string;
  readonly ellipsis: string;
  readonly dot: string;
  readonly times: string;
  readonly leftRight: string;
}

export interface Theme {
  readonly utf8: boolean;
  readonly glyphs: Glyphs;
  /** SGR parameters for each style; '' = as the terminal writes by itself. */
  readonly sgr: Readonly<Record<Style, string>>;
}

const utf8Glyphs: Glyphs = {
  blocks: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  axis: '│',
  tick: '┤',
  corner: '┼',
  floor: '─',
  rule: '─',
  grid: '┈',
  job: '●',
  guest: '○',
  movingJob: '◐',
  arrow: '→',
  pointer: '▸',
  ellipsis: '…',
  dot: '·',
  times: '×',
  leftRight: '← →',
};

const asciiGlyphs: Glyphs = {
  blocks: ['.', '.', ':', ':', '#', '#', '#', '#'],
  axis: '|',
  tick: '+',
  corner: '+',
  floor: '-',
  rule: '-',
  grid: ' ',
  job: '*',
  guest: 'o',
  movingJob: '>',
  arrow: '->',
  pointer: '>',
  ellipsis: '~',
  dot: '-',
  times: 'x',
  leftRight: 'left right',
};

const attributes = {
  plain: '',
  bold: '1',
  dim: '2',
  dead: '1',
  key: '1',
  tab: '1;7',
  selected: '7',
} as const;
const colourless: Theme['sgr'] = {
  ...attributes,
  bar: '',
  otherBar: '',
  staleBar: '2',
  free: '',
  accent: '1',
  warning: '1',
};
const sixteen: Theme['sgr'] = {
  ...attributes,
  bar: '94',
  otherBar: '34',
  staleBar: '90',
  free: '90',
  dead: '1;33',
  accent: '33',
  warning: '1;33',
  tab: '1;7;94',
};
/** Middle tones, to be read on a dark and on a light background. */
const manyColours: Theme['sgr'] = {
  ...attributes,
  dim: '38;5;245',
  bar: '38;5;33',
  otherBar: '38;5;75',
  staleBar: '38;5;244',
  free: '38;5;245',
  dead: '1;38;5;208',
  accent: '38;5;208',
  warning: '1;38;5;208',
  key: '1;38;5;33',
  tab: '1;7;38;5;33',
};

export type Environment = Readonly<Record<string, string | undefined>>;

export function createTheme(env: Environment): Theme {
  const utf8 = isUtf8(env);
  return { utf8, glyphs: utf8 ? utf8Glyphs : asciiGlyphs, sgr: coloursFor(env) };
}

export function isUtf8(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value);
  return /utf-?8/i.test(locale ?? '');
}

function coloursFor(env: Environment): Theme['sgr'] {
  if (env['NO_COLOR']) return colourless;
  const term = env['TERM'] ?? '';
  if (env['COLORTERM'] || /256|kitty|alacritty|ghostty|wezterm|direct/.test(term)) return manyColours;
  return sixteen;
}
