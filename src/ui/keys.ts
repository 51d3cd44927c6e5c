import type { Numbering } from './columns.js';
import type { View } from './views.js';

/** What a key does. */
export type Action =
  | { readonly do: 'view'; readonly view: View }
  | { readonly do: 'number'; readonly numbering: Numbering }
  | { readonly do: 'dead' | 'totals' | 'jobs' | 'help' }
  | { readonly do: 'scroll' | 'select' | 'page'; readonly by: -1 | 1 }
  | { readonly do: 'edge'; readonly end: 'first' | 'last' }
  | { readonly do: 'choose' | 'close' }
  | { readonly do: 'redraw' | 'quit' | 'interrupt' | 'suspend' };

export interface KeyBinding {
  /** Names as the terminal reports them (keyNames). */
  readonly keys: readonly string[];
  /** How the keys are written for people. */
  readonly shown: string;
  /** Word of the bottom line; bindings that share one stand together there. None = only in the help. */
  readonly short?: string;
  /** Sentence of the help. */
  readonly text: string;
  readonly action: Action;
  /** The same letter as an option of the command line. */
  readonly option?: string;
  /** Only of use while the jobs are shown. */
  readonly jobsOnly?: boolean;
}

/** The one table of keys: the keyboard, the bottom line, the help and the options are made from it. */
export const keyBindings: readonly KeyBinding[] = [
  view('l', 'load', 'load: 1.0 = one process on a standard processor'),
  view('L', 'logLoad', 'load on a logarithmic scale'),
  view('m', 'memory', 'memory: used, + up to the total'),
  view('r', 'rawMemory', 'memory: in use, + physically free'),
  view('s', 'speed', 'speed and number of processors'),
  view('u', 'util', 'processor use in per cent'),
  {
    keys: ['left', 'p'],
    shown: '← p',
    short: 'scroll',
    text: 'scroll one node to the left',
    action: { do: 'scroll', by: -1 },
  },
  {
    keys: ['right', 'n'],
    shown: '→ n',
    short: 'scroll',
    text: 'scroll one node to the right',
    action: { do: 'scroll', by: 1 },
  },
  {
    keys: ['d'],
    shown: 'd',
    short: 'dead',
    text: 'show dead nodes too, or not',
    action: { do: 'dead' },
    option: 'd',
  },
  {
    keys: ['t'],
    shown: 't',
    short: 'totals',
    text: 'show the totals, or not',
    action: { do: 'totals' },
    option: 't',
  },
  numbers('w', 'wide', 'numbers wide'),
  numbers('v', 'vertical', 'numbers vertical: more nodes fit'),
  numbers('V', 'tight', 'numbers vertical and tight: most nodes fit'),
  numbers('a', 'automatic', 'numbers as they fit best'),
  {
    keys: ['j'],
    shown: 'j',
    short: 'jobs',
    text: 'show the jobs and their moves, or not',
    action: { do: 'jobs' },
  },
  {
    keys: ['up'],
    shown: '↑',
    short: 'select',
    text: 'select the job above',
    action: { do: 'select', by: -1 },
    jobsOnly: true,
  },
  {
    keys: ['down'],
    shown: '↓',
    short: 'select',
    text: 'select the job below',
    action: { do: 'select', by: 1 },
    jobsOnly: true,
  },
  {
    keys: ['g'],
    shown: 'g',
    short: 'send',
    text: 'send the job to a node, home or the best',
    action: { do: 'choose' },
    jobsOnly: true,
  },
  {
    keys: ['pageup'],
    shown: 'PgUp',
    text: 'a page of nodes, or of jobs, back',
    action: { do: 'page', by: -1 },
  },
  {
    keys: ['pagedown'],
    shown: 'PgDn',
    text: 'a page of nodes, or of jobs, on',
    action: { do: 'page', by: 1 },
  },
  { keys: ['home'], shown: 'Home', text: 'to the first node, or job', action: { do: 'edge', end: 'first' } },
  { keys: ['end'], shown: 'End', text: 'to the last node, or job', action: { do: 'edge', end: 'last' } },
  {
    keys: ['h', 'H', '?'],
    shown: 'h',
    short: 'help',
    text: 'this help; Esc leaves it',
    action: { do: 'help' },
  },
  { keys: ['enter', 'ctrl-l'], shown: 'Enter', text: 'draw the screen anew', action: { do: 'redraw' } },
  { keys: ['escape'], shown: 'Esc', text: 'leave the help, or sending a job', action: { do: 'close' } },
  { keys: ['ctrl-z'], shown: 'Ctrl-Z', text: 'suspend; fg comes back', action: { do: 'suspend' } },
  { keys: ['q', 'Q'], shown: 'q', short: 'quit', text: 'quit', action: { do: 'quit' } },
  { keys: ['ctrl-c'], shown: 'Ctrl-C', text: 'quit', action: { do: 'interrupt' } },
];

function view(key: string, name: View, text: string): KeyBinding {
  return { keys: [key], shown: key, text, action: { do: 'view', view: name }, option: key };
}

function numbers(key: string, numbering: Numbering, text: string): KeyBinding {
  return {
    keys: [key],
    shown: key,
    short: 'numbers',
    text,
    action: { do: 'number', numbering },
    option: key,
  };
}

const arrows: Readonly<Record<string, string>> = { '←': 'left', '→': 'right', '↑': 'up', '↓': 'down' };

export function isArrow(shown: string): boolean {
  return shown in arrows;
}

/** A key's name where the terminal may lack its sign. (Arrows written out would make V8 hold the whole bundle as two-byte text.) */
export function keyName(shown: string, utf8: boolean): string {
  return utf8 ? shown : shown.replace(/[\u2190-\u2193]/g, (arrow) => arrows[arrow] ?? arrow);
}

const byKey: ReadonlyMap<string, KeyBinding> = new Map(
  keyBindings.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)),
);

export function bindingOf(key: string): KeyBinding | undefined {
  return byKey.get(key);
}

/** The part of ink's description of a key press that is looked at. */
export interface PressedKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageDown: boolean;
  readonly pageUp: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
}

/** Key presses by name. Keys typed faster than they are read come as one text: each is a press of its own. */
export function keyNames(input: string, key: PressedKey): readonly string[] {
  const named = nameOf(key);
  if (named !== null) return [named];
  if (key.meta) return [];
  if (key.ctrl) return input.length === 1 ? [`ctrl-${input}`] : [];
  return Array.from(input).map(nameOfCharacter);
}

function nameOf(key: PressedKey): string | null {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.leftArrow) return 'left';
  if (key.rightArrow) return 'right';
  if (key.pageUp) return 'pageup';
  if (key.pageDown) return 'pagedown';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.backspace || key.delete) return 'backspace';
  return key.escape ? 'escape' : null;
}

function nameOfCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\r' || character === '\n') return 'enter';
  if (code === 0x7f || code === 8) return 'backspace';
  if (code === 0x1b) return 'escape';
  return code < 0x20 ? `ctrl-${String.fromCodePoint(code + 0x60)}` : character;
}
