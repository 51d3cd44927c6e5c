import type { GuestPhase, GuestStanding } from '../../src/core/guest-steps.js';
import type { DriverName } from '../../src/core/job-spec.js';
import type { MoveStep } from '../../src/core/relocation.js';

/** Processes of the job on a node; named by the generation that they run as. */
export interface Tree {
  readonly generation: number;
  readonly runs: boolean;
}

export type RequestName =
  | 'start'
  | 'prepare'
  | 'freeze'
  | 'thaw'
  | 'restore'
  | 'continue'
  | 'discard'
  | 'forget'
  | 'holds'
  | 'revive';

export interface Request {
  readonly name: RequestName;
  readonly to: number;
  readonly generation: number;
  /** Of a revive: the move for which it was frozen. */
  readonly frozenFor?: number | undefined;
  /** Home waits for the answer. One that it no longer waits for may arrive at any later time, or never. */
  readonly awaited: boolean;
}

export type Answer = 'ok' | 'ended' | 'refused' | 'failed' | 'unreachable';

export interface ModelNode {
  /** mosd lives. Guests, trees and files are there without it too. */
  readonly up: boolean;
  readonly guest: GuestStanding | null;
  readonly trees: readonly Tree[];
  /** Generation of the image on its disk. */
  readonly image: number | null;
  /** The folder has the saved state and the agreed exit code of a program that saved itself. */
  readonly saved: boolean;
  /** The folder has the exit status of the job. */
  readonly exit: boolean;
  /** What the job's queue is at, and how far. */
  readonly work: { readonly request: Request; readonly stage: number } | null;
  /** A dump that outlived its mosd: it will yet stop the tree. */
  readonly dumping: boolean;
  /** Its machine died at least once. */
  readonly died: boolean;
}

export type TaskKind =
  | 'move'
  | 'drop'
  | 'undo'
  | 'recover-undo'
  | 'recover-finish'
  | 'recover-revived'
  | 'rescue-undo'
  | 'rescue-finish';

export interface Task {
  readonly kind: TaskKind;
  readonly generation: number;
  readonly from: number;
  readonly to: number;
  readonly stage: number;
  readonly revives?: number | undefined;
  readonly call: { readonly answer: Answer | null } | null;
}

/**
 * A node's link came up and home has not looked yet (`due`), or was in the middle of a move when it did (`later`), or what
 * home has seen there and not acted upon.
 */
export type Look =
  'none' | 'due' | 'later' | 'empty' | { readonly generation: number; readonly phase: GuestPhase };

export interface Budget {
  readonly moves: number;
  /** Ends of a mosd, at home or on a node. */
  readonly crashes: number;
  /** Calls that home gives up waiting for; the request is lost, late, or only its answer is. */
  readonly losses: number;
  /** Deaths of a node's machine: processes are gone, the record perhaps too. */
  readonly deaths: number;
  /** The job may end by itself. */
  readonly ends: number;
  /** A step on a node, or the writing of an entry, that fails (a full disk). */
  readonly troubles: number;
}

export interface ModelState {
  readonly journal: readonly MoveStep[];
  /** An entry whose writing failed: it may be on the disk all the same. */
  readonly unsure: MoveStep | null;
  readonly over: 'ended' | 'lost' | 'lost though held' | null;
  /** The job ran to its end. */
  readonly finished: boolean;
  readonly homeUp: boolean;
  readonly task: Task | null;
  readonly looks: readonly Look[];
  readonly nodes: readonly ModelNode[];
  readonly requests: readonly Request[];
  readonly left: Budget;
}

export interface Setup {
  readonly driver: DriverName;
  readonly nodes: number;
  readonly budget: Budget;
  /** A request to start the job, sent twice, is still on its way. */
  readonly lateStart?: boolean;
}

export const firstPlace = { where: 0, generation: 1 };
/** A process that the record names. */
export const named: object = {};

const emptyNode: ModelNode = {
  up: true,
  guest: null,
  trees: [],
  image: null,
  saved: false,
  exit: false,
  work: null,
  dumping: false,
  died: false,
};

/** The job runs on the first node. */
export function initialState(setup: Setup): ModelState {
  const running: ModelNode = {
    ...emptyNode,
    guest: { generation: 1, phase: 'running', process: named, move: null },
    trees: [{ generation: 1, runs: true }],
  };
  return {
    journal: [],
    unsure: null,
    over: null,
    finished: false,
    homeUp: true,
    task: null,
    looks: Array.from({ length: setup.nodes }, () => 'none'),
    nodes: Array.from({ length: setup.nodes }, (_, node) => (node === 0 ? running : emptyNode)),
    requests: setup.lateStart ? [{ name: 'start', to: 0, generation: 1, awaited: false }] : [],
    left: setup.budget,
  };
}

/** Home gives an open move up. (After DONE a source that has not heard of it yet may still have its old copy.) */
export function lost(state: ModelState): ModelState {
  return { ...state, over: state.nodes.some(holdsIt) ? 'lost though held' : 'lost', task: null };
}

/** A whole copy that stands still, as the source or the target of a move. */
function holdsIt({ guest, trees }: ModelNode): boolean {
  const isCopy = guest?.phase === 'frozen' || guest?.phase === 'restored';
  return isCopy && trees.some((tree) => tree.generation === guest.generation);
}

export function withNode(state: ModelState, node: number, change: Partial<ModelNode>): ModelState {
  return { ...state, nodes: state.nodes.map((old, index) => (index === node ? { ...old, ...change } : old)) };
}

export function withLook(state: ModelState, node: number, look: Look): ModelState {
  return { ...state, looks: state.looks.map((old, index) => (index === node ? look : old)) };
}

export function spend(state: ModelState, what: keyof Budget): ModelState {
  return { ...state, left: { ...state.left, [what]: state.left[what] - 1 } };
}

/** The same text for the same state, whatever the order of what is on its way. */
export function keyOf(state: ModelState): string {
  const { left, task, journal, looks } = state;
  const parts = [
    `${left.moves}${left.crashes}${left.losses}${left.deaths}${left.ends}${left.troubles}`,
    `${state.over ?? ''}${state.finished ? 'f' : ''}${state.homeUp ? 'u' : ''}`,
    journal.map(keyOfEntry).join(''),
    state.unsure ? keyOfEntry(state.unsure) : '',
    task ? `${task.kind}${task.stage}.${task.generation}${task.from}${task.to}${keyOfCall(task)}` : '',
    looks.map((look) => (typeof look === 'string' ? look[0] : `${look.phase}${look.generation}`)).join(),
    state.nodes.map(keyOfNode).join('/'),
    state.requests.map(keyOfRequest).sort().join(),
  ];
  return parts.join('|');
}

function keyOfEntry(entry: MoveStep): string {
  const ends = entry.step === 'begin' ? `${entry.from}${entry.to}${entry.revives ?? ''}` : '';
  return `${entry.step[0]}${entry.step[1]}${entry.generation}${ends}`;
}

function keyOfCall({ call }: Task): string {
  return call ? `c${call.answer ?? ''}` : '';
}

function keyOfNode(node: ModelNode): string {
  const { guest, work } = node;
  const flags = `${+node.up}${+node.saved}${+node.exit}${+node.dumping}${+node.died}${node.image ?? ''}`;
  const trees = node.trees.map((tree) => `${tree.generation}${tree.runs ? 'r' : 's'}`).join('');
  const held = guest
    ? `${guest.phase}${guest.generation}${guest.process ? 'p' : ''}m${guest.move?.generation ?? ''}u${guest.undone ?? ''}`
    : '';
  return `${flags},${trees},${held},${work ? `${keyOfRequest(work.request)}@${work.stage}` : ''}`;
}

function keyOfRequest({ name, to, generation, frozenFor, awaited }: Request): string {
  return `${name}${to}${generation}${frozenFor === undefined ? '' : `f${frozenFor}`}${awaited ? 'a' : ''}`;
}
