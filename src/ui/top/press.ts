import type { JobId } from '../../core/ids.js';
import type { JobRow } from '../job-rows.js';
import type { Destination } from '../monitor-state.js';
import { topKeyNamed, type Question, type TopAction } from './keys.js';
import { nextColumn } from './sort.js';
import { filters, rowsOf, type TopState } from './top-state.js';
import { tableHeight } from './draw.js';

export type TopIntent =
  | { readonly intent: 'quit'; readonly interrupted: boolean }
  | { readonly intent: 'suspend' }
  | { readonly intent: 'redraw' }
  | { readonly intent: 'migrate'; readonly job: JobId; readonly to: Destination }
  | { readonly intent: 'signal'; readonly job: JobId; readonly signal: string };

export interface TopPressed {
  readonly state: TopState;
  readonly intent: TopIntent | null;
}

const longestAnswer = 8;

export function pressTop(state: TopState, key: string): TopPressed {
  const answered = state.message ? { ...state, message: null } : state;
  if (state.question && key !== 'ctrl-c' && key !== 'ctrl-z') return answer(answered, state.question, key);
  const action = topKeyNamed(key)?.action;
  if (!action) return only(answered);
  return act(answered, action);
}

function act(state: TopState, action: TopAction): TopPressed {
  switch (action.do) {
    case 'quit':
    case 'interrupt':
      return { state, intent: { intent: 'quit', interrupted: action.do === 'interrupt' } };
    case 'suspend':
    case 'redraw':
      return { state, intent: { intent: action.do } };
    case 'help':
      return only({ ...state, isHelpShown: !state.isHelpShown });
    case 'close':
      return only({ ...state, isHelpShown: false });
    case 'sort':
      return only({ ...state, order: { by: action.by, isReversed: false } });
    case 'sortNext':
      return only({ ...state, order: { by: nextColumn(state.order.by, action.step), isReversed: false } });
    case 'reverse':
      return only({ ...state, order: { ...state.order, isReversed: !state.order.isReversed } });
    case 'filter':
      return only(refiltered(state));
    case 'select':
      return only(select(state, action.by));
    case 'page':
      return only(select(state, action.by * Math.max(1, tableHeight(state) - 1)));
    case 'edge':
      return only(select(state, action.end === 'first' ? -Infinity : Infinity));
    case 'ask':
    case 'signal':
      return withJob(state, action);
  }
}

function withJob(state: TopState, action: Extract<TopAction, { do: 'ask' | 'signal' }>): TopPressed {
  const row = rowsOf(state).find(({ job }) => job === state.selected);
  if (!row) return told(state, 'no job is selected');
  if (action.do === 'ask' && action.what === 'node')
    return only({ ...state, question: { what: 'node', job: row.job, typed: '' } });
  const no = whyNoSignal(row);
  if (no !== null) return told(state, no);
  if (action.do === 'ask')
    return only({ ...state, question: { what: action.what, job: row.job, typed: '' } });
  return signalled(state, row.job, action.signal);
}

/** A guest takes signals from its home alone, as in openMosix. */
function whyNoSignal({ job, state, home }: JobRow): string | null {
  if (state === 'guest')
    return `${job} is a guest of node ${home}: only its home can signal it; g h sends it there`;
  return state === 'done' || state === 'lost' ? `${job} is over` : null;
}

function answer(state: TopState, question: Question, key: string): TopPressed {
  const closed = { ...state, question: null };
  const typed = (text: string): TopPressed =>
    only({ ...state, question: { ...question, typed: text.slice(0, longestAnswer) } });
  if (key === 'escape') return only(closed);
  if (key === 'backspace') return typed(question.typed.slice(0, -1));
  if (question.what === 'node' && question.typed === '' && key === 'h')
    return migrate(closed, question.job, 'home');
  if (question.what === 'node' && question.typed === '' && key === 'b')
    return migrate(closed, question.job, 'balance');
  if (key === 'enter') return entered(closed, question);
  const allowed = question.what === 'node' ? /^\d$/ : /^[0-9A-Za-z]$/;
  return allowed.test(key) ? typed(question.typed + key) : only(state);
}

function entered(state: TopState, { what, job, typed }: Question): TopPressed {
  if (what === 'kill') return signalled(state, job, signalNamed(typed));
  if (typed === '') return only(state);
  const to = Number(typed);
  if (state.snapshot?.nodes.some(({ node }) => node === to)) return migrate(state, job, to);
  return told(state, `${job} stays: there is no node ${to} in the map`);
}

/** `9`, `kill`, `SIGKILL`; nothing = TERM. mosd says what is none. */
function signalNamed(typed: string): string {
  const word = typed.toUpperCase();
  if (word === '') return 'SIGTERM';
  if (/^\d+$/.test(word)) return numbers[Number(word)] ?? word;
  return word.startsWith('SIG') ? word : `SIG${word}`;
}

const numbers: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  12: 'SIGUSR2',
  15: 'SIGTERM',
  18: 'SIGCONT',
  19: 'SIGSTOP',
};

function migrate(state: TopState, job: JobId, to: Destination): TopPressed {
  const name = to === 'balance' ? 'the best node' : to === 'home' ? 'home' : `node ${to}`;
  const message = { kind: 'info', text: `${job}: asking for a move to ${name}` } as const;
  return { state: { ...state, message }, intent: { intent: 'migrate', job, to } };
}

function signalled(state: TopState, job: JobId, signal: string): TopPressed {
  return { state, intent: { intent: 'signal', job, signal } };
}

function refiltered(state: TopState): TopState {
  const filter = filters[(filters.indexOf(state.filter) + 1) % filters.length] ?? 'all';
  const next = { ...state, filter };
  const rows = rowsOf(next);
  const isThere = rows.some(({ job }) => job === state.selected);
  return { ...next, selected: isThere ? state.selected : (rows[0]?.job ?? null) };
}

function select(state: TopState, by: number): TopState {
  const rows = rowsOf(state);
  const at = rows.findIndex(({ job }) => job === state.selected);
  const next = rows[Math.max(0, Math.min(at + by, rows.length - 1))];
  return { ...state, selected: next?.job ?? null };
}

function told(state: TopState, text: string): TopPressed {
  return only({ ...state, message: { kind: 'problem', text } });
}

function only(state: TopState): TopPressed {
  return { state, intent: null };
}
