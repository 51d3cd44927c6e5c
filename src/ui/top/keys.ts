import type { SortColumn } from './sort.js';

export type TopAction =
  | { readonly do: 'sort'; readonly by: SortColumn }
  | { readonly do: 'sortNext'; readonly step: -1 | 1 }
  | { readonly do: 'select' | 'page'; readonly by: -1 | 1 }
  | { readonly do: 'edge'; readonly end: 'first' | 'last' }
  | { readonly do: 'ask'; readonly what: Question['what'] }
  | { readonly do: 'signal'; readonly signal: string }
  | { readonly do: 'reverse' | 'filter' | 'help' | 'close' }
  | { readonly do: 'redraw' | 'quit' | 'interrupt' | 'suspend' };

/** Something that is being typed for the selected job. */
export interface Question {
  readonly what: 'node' | 'kill';
  readonly job: string;
  readonly typed: string;
}

export interface TopKey {
  /** Names as the terminal reports them (keyNames). */
  readonly keys: readonly string[];
  /** How they are written for people. */
  readonly shown: string;
  /** Word of the bottom line; none = only in the help. */
  readonly short?: string;
  readonly text: string;
  readonly action: TopAction;
}

/** The one table of mtop's keys; top's where top has them, and mosmon's `g`. */
export const topKeys: readonly TopKey[] = [
  { keys: ['up'], shown: '↑', text: 'select the job above', action: { do: 'select', by: -1 } },
  { keys: ['down'], shown: '↓', text: 'select the job below', action: { do: 'select', by: 1 } },
  { keys: ['pageup'], shown: 'PgUp', text: 'a page back', action: { do: 'page', by: -1 } },
  { keys: ['pagedown'], shown: 'PgDn', text: 'a page on', action: { do: 'page', by: 1 } },
  { keys: ['home'], shown: 'Home', text: 'to the first job', action: { do: 'edge', end: 'first' } },
  { keys: ['end'], shown: 'End', text: 'to the last job', action: { do: 'edge', end: 'last' } },
  {
    keys: ['g'],
    shown: 'g',
    short: 'send',
    text: 'send it to a node, home, best',
    action: { do: 'ask', what: 'node' },
  },
  {
    keys: ['s'],
    shown: 's',
    short: 'stop',
    text: 'stop it; it stays so in moves',
    action: { do: 'signal', signal: 'SIGSTOP' },
  },
  {
    keys: ['c'],
    shown: 'c',
    short: 'continue',
    text: 'let it go on',
    action: { do: 'signal', signal: 'SIGCONT' },
  },
  {
    keys: ['k'],
    shown: 'k',
    short: 'kill',
    text: 'send a signal; Enter: TERM',
    action: { do: 'ask', what: 'kill' },
  },
  {
    keys: ['<', ','],
    shown: '<',
    short: 'sort',
    text: 'sort by the column to the left',
    action: { do: 'sortNext', step: -1 },
  },
  {
    keys: ['>', '.'],
    shown: '>',
    short: 'sort',
    text: 'sort by the column to the right',
    action: { do: 'sortNext', step: 1 },
  },
  { keys: ['P'], shown: 'P', text: 'sort by CPU', action: { do: 'sort', by: 'CPU' } },
  { keys: ['M'], shown: 'M', text: 'sort by memory', action: { do: 'sort', by: 'RSS' } },
  { keys: ['N'], shown: 'N', text: 'sort by PID', action: { do: 'sort', by: 'PID' } },
  { keys: ['W'], shown: 'W', text: 'sort by the node it runs on', action: { do: 'sort', by: 'WHERE' } },
  { keys: ['J'], shown: 'J', text: 'sort by job', action: { do: 'sort', by: 'JOB' } },
  { keys: ['R'], shown: 'R', short: 'reverse', text: 'the other way round', action: { do: 'reverse' } },
  {
    keys: ['f'],
    shown: 'f',
    short: 'filter',
    text: 'all, at home, away, or guests',
    action: { do: 'filter' },
  },
  {
    keys: ['h', 'H', '?'],
    shown: 'h',
    short: 'help',
    text: 'this help; Esc leaves it',
    action: { do: 'help' },
  },
  { keys: ['escape'], shown: 'Esc', text: 'leave the help, or a question', action: { do: 'close' } },
  { keys: ['enter', 'ctrl-l'], shown: 'Enter', text: 'draw the screen anew', action: { do: 'redraw' } },
  { keys: ['ctrl-z'], shown: 'Ctrl-Z', text: 'suspend; fg comes back', action: { do: 'suspend' } },
  { keys: ['q', 'Q'], shown: 'q', short: 'quit', text: 'quit', action: { do: 'quit' } },
  { keys: ['ctrl-c'], shown: 'Ctrl-C', text: 'quit', action: { do: 'interrupt' } },
];

const byKey: ReadonlyMap<string, TopKey> = new Map(
  topKeys.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)),
);

export function topKeyNamed(key: string): TopKey | undefined {
  return byKey.get(key);
}
