import type { JobId } from '../core/ids.js';
import { maxNodeId } from '../core/ids.js';
import { scrollRange } from './bars.js';
import { helpPage } from './help.js';
import { bindingOf, type Action } from './keys.js';
import { barsInput, planLayout } from './layout.js';
import { jobsOf, selectedJob, shownNodes, type Destination, type MonitorState } from './monitor-state.js';

export interface MigrateIntent {
  readonly intent: 'migrate';
  readonly job: JobId;
  readonly to: Destination;
}

/** What the screen asks of the world around it. */
export type Intent =
  | { readonly intent: 'quit'; readonly interrupted: boolean }
  | { readonly intent: 'suspend' }
  | { readonly intent: 'redraw' }
  | MigrateIntent;

export interface Pressed {
  readonly state: MonitorState;
  readonly intent: Intent | null;
}

/** A key was pressed. */
export function press(state: MonitorState, key: string): Pressed {
  const answered = state.message ? { ...state, message: null } : state;
  if (state.choosing && key !== 'ctrl-c' && key !== 'ctrl-z') return pressWhileChoosing(answered, key);
  const action = bindingOf(key)?.action;
  return action ? act(answered, action) : { state: answered, intent: null };
}

function act(state: MonitorState, action: Action): Pressed {
  switch (action.do) {
    case 'quit':
    case 'interrupt':
      return { state, intent: { intent: 'quit', interrupted: action.do === 'interrupt' } };
    case 'suspend':
    case 'redraw':
      return { state, intent: { intent: action.do } };
    default:
      return { state: state.help === null ? change(state, action) : changeHelp(state, action), intent: null };
  }
}

type Change = Exclude<Action, { readonly do: 'quit' | 'interrupt' | 'suspend' | 'redraw' }>;

function change(state: MonitorState, action: Change): MonitorState {
  switch (action.do) {
    case 'view':
      return { ...state, view: action.view };
    case 'number':
      return { ...state, numbering: action.numbering };
    case 'dead':
      return { ...state, showDead: !state.showDead };
    case 'totals':
      return { ...state, showTotals: !state.showTotals };
    case 'jobs':
      return { ...state, showJobs: !state.showJobs };
    case 'help':
      return { ...state, help: 0 };
    case 'close':
      return state;
    case 'scroll':
      return scroll(state, action.by);
    case 'select':
      return state.showJobs ? select(state, action.by) : state;
    case 'page':
      return state.showJobs
        ? select(state, action.by * pageOfJobs(state))
        : scroll(state, action.by * pageOfNodes(state));
    case 'edge': {
      const far = action.end === 'first' ? -maxNodeId : maxNodeId;
      return state.showJobs ? select(state, far) : scroll(state, far);
    }
    case 'choose':
      return choose(state);
  }
}

/** In the help, the keys that move about scroll it, and any other key of the table leaves it. */
function changeHelp(state: MonitorState, action: Change): MonitorState {
  const page = helpPage(state.size);
  const to = (line: number): MonitorState => ({ ...state, help: Math.max(0, Math.min(line, page.last)) });
  const line = state.help ?? 0;
  if (action.do === 'select' || action.do === 'scroll') return to(line + action.by);
  if (action.do === 'page') return to(line + action.by * page.height);
  if (action.do === 'edge') return to(action.end === 'first' ? 0 : page.last);
  const left = { ...state, help: null };
  return action.do === 'help' || action.do === 'close' ? left : change(left, action);
}

function scroll(state: MonitorState, by: number): MonitorState {
  const nodes = shownNodes(state);
  const range = nodeRange(state);
  if (!range || nodes.length === 0) return state;
  const index = Math.max(0, Math.min(range.first + by, nodes.length - range.capacity));
  return { ...state, firstNode: nodes[index]?.node ?? 1 };
}

function nodeRange(state: MonitorState): { readonly first: number; readonly capacity: number } | null {
  const { bars } = planLayout(state);
  return bars && scrollRange(barsInput(state, bars));
}

function pageOfNodes(state: MonitorState): number {
  return nodeRange(state)?.capacity ?? 1;
}

function pageOfJobs(state: MonitorState): number {
  return Math.max(1, Math.floor((planLayout(state).jobs?.height ?? 2) / 2));
}

function select(state: MonitorState, by: number): MonitorState {
  const jobs = jobsOf(state);
  const index = jobs.findIndex(({ job }) => job === state.selected);
  const next = jobs[Math.max(0, Math.min(index + by, jobs.length - 1))];
  return { ...state, selected: next?.job ?? null };
}

function choose(state: MonitorState): MonitorState {
  if (!state.showJobs) return { ...state, showJobs: true };
  const job = selectedJob(state);
  if (!job) return { ...state, message: { kind: 'info', text: 'no job to send' } };
  return { ...state, choosing: { job: job.job, typed: '' } };
}

const mostDigits = String(maxNodeId).length;

function pressWhileChoosing(state: MonitorState, key: string): Pressed {
  const { choosing } = state;
  if (!choosing) return { state, intent: null };
  const typed = (text: string): Pressed => ({
    state: { ...state, choosing: { ...choosing, typed: text } },
    intent: null,
  });
  const closed = { ...state, choosing: null };
  if (/^\d$/.test(key)) return typed((choosing.typed + key).slice(0, mostDigits));
  if (key === 'backspace') return typed(choosing.typed.slice(0, -1));
  if (key === 'escape' || key === 'q') return { state: closed, intent: null };
  if (key === 'h') return send(closed, choosing.job, 'home');
  if (key === 'b') return send(closed, choosing.job, 'balance');
  if (key === 'enter' && choosing.typed !== '') return send(closed, choosing.job, Number(choosing.typed));
  return { state, intent: null };
}

function send(state: MonitorState, job: JobId, to: Destination): Pressed {
  const known = typeof to !== 'number' || state.snapshot?.nodes.some(({ node }) => node === to) === true;
  if (!known) {
    return {
      state: {
        ...state,
        message: { kind: 'problem', text: `${job} stays: there is no node ${to} in the map` },
      },
      intent: null,
    };
  }
  const name = to === 'balance' ? 'the best node' : to === 'home' ? 'home' : `node ${to}`;
  return {
    state: { ...state, message: { kind: 'info', text: `${job}: asking for a move to ${name}` } },
    intent: { intent: 'migrate', job, to },
  };
}
