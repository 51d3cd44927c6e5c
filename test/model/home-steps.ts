import { placeOf, staleBelow, type BeginStep, type MoveStep } from '../../src/core/relocation.js';
import type { HomeStep, Rules } from './rules.js';
import {
  firstPlace,
  lost,
  spend,
  withLook,
  withNode,
  type Answer,
  type ModelState,
  type Request,
  type RequestName,
  type Setup,
  type Task,
  type TaskKind,
} from './state.js';

export interface Action {
  readonly label: string;
  readonly next: ModelState;
  /** Happens by itself when no more faults do. */
  readonly isProgress: boolean;
}

interface World {
  readonly rules: Rules;
  readonly setup: Setup;
}

/** What home may do next: relocate.ts, recover.ts and reconcile.ts, one step at a time. */
export function homeActions(world: World, state: ModelState): readonly Action[] {
  if (!state.homeUp || state.over) return state.homeUp ? looks(world, state) : [];
  const task = state.task ? taskActions(world, state, state.task) : idleActions(world, state);
  return [...task, ...looks(world, state)];
}

function idleActions(world: World, state: ModelState): readonly Action[] {
  const place = placeOf(state.journal, firstPlace);
  const actions: Action[] = [];
  const node = state.nodes[place.where];
  const { guest } = node ?? {};
  if (
    node?.up &&
    guest?.phase === 'ended' &&
    guest.generation === place.generation &&
    isSettled(world, state)
  ) {
    const requests = [...state.requests, request('forget', place.where, place.generation, false)];
    actions.push(progress('home reads how the job ended', { ...state, over: 'ended', requests }));
  }
  if (state.left.moves > 0 && world.rules.mayMove(state.journal)) {
    const generation = world.rules.nextGeneration(state.journal, place);
    for (let to = 0; to < state.nodes.length; to++) {
      if (to === place.where) continue;
      const task = taskOf('move', { generation, from: place.where, to });
      const label = `home moves it from ${place.where} to ${to} as generation ${generation}`;
      actions.push({ label, next: { ...spend(state, 'moves'), task }, isProgress: false });
    }
  }
  // Queued behind the moves that were asked for meanwhile.
  const recovery = recoveryTask(world, state);
  if (recovery) actions.push(progress('home recovers the open move', { ...state, task: recovery }));
  return actions;
}

function isSettled({ rules }: World, state: ModelState): boolean {
  return rules.recoveryOf(state.journal).kind === 'nothing';
}

function isBusy(world: World, state: ModelState): boolean {
  return state.over === null && (state.task !== null || !isSettled(world, state));
}

function taskActions(world: World, state: ModelState, task: Task): readonly Action[] {
  const step = scriptOf(world.rules, task.kind)[task.stage];
  if (step === undefined) return [progress('home is done with it', finished(state, task))];
  const call = callOf(step, task);
  const mustBeSure = call ? step === 'thaw' && world.rules.settlesFirst : step !== 'transfer';
  if (state.unsure && mustBeSure)
    return [progress('home cuts the end of its journal off', { ...state, unsure: null })];
  if (!call) return step === 'transfer' ? transfer(world, state, task) : append(world, state, task, step);
  // Nobody waits until a target that is perhaps dead has ended its stopped copy.
  if (step === 'discard-copy') {
    const requests = [...state.requests, { ...call, awaited: false }];
    return [
      progress(`home asks ${call.to}: discard ${call.generation}`, {
        ...state,
        requests,
        task: advanced(task),
      }),
    ];
  }
  if (!task.call) return [send(world, state, task, step, call)];
  const { answer } = task.call;
  if (answer) return [answered(world, state, task, step, answer)];
  return unanswered(world, state, task, step, call);
}

/** What the lost target of a rescued move may still hold is looked at when it is back. */
function finished(state: ModelState, task: Task): ModelState {
  const done = { ...state, task: null };
  return task.kind === 'recover-revived' ? withLook(done, task.from, 'later') : done;
}

function scriptOf(rules: Rules, kind: TaskKind): readonly HomeStep[] {
  if (kind === 'move' || kind === 'drop') return rules[kind];
  if (kind === 'rescue-undo') return rules.rescueUndo;
  if (kind === 'rescue-finish') return rules.rescueFinish;
  if (kind === 'recover-revived') return rules.revived;
  return kind === 'recover-finish' ? rules.finish : rules.undo;
}

const calls: Partial<
  Readonly<Record<HomeStep, { readonly name: RequestName; readonly end: 'from' | 'to' }>>
> = {
  prepare: { name: 'prepare', end: 'to' },
  freeze: { name: 'freeze', end: 'from' },
  restore: { name: 'restore', end: 'to' },
  continue: { name: 'continue', end: 'to' },
  'discard-source': { name: 'discard', end: 'from' },
  thaw: { name: 'thaw', end: 'from' },
  'discard-copy': { name: 'discard', end: 'to' },
  'target-holds': { name: 'holds', end: 'to' },
  'source-holds': { name: 'holds', end: 'from' },
  revive: { name: 'revive', end: 'to' },
};

function callOf(step: HomeStep, task: Task): Request | null {
  const call = calls[step];
  if (!call) return null;
  const sent = request(call.name, task[call.end], task.generation, true);
  return step === 'revive' ? { ...sent, frozenFor: task.revives } : sent;
}

function request(name: RequestName, to: number, generation: number, awaited: boolean): Request {
  return { name, to, generation, awaited };
}

function append(world: World, state: ModelState, task: Task, step: HomeStep): readonly Action[] {
  const { from, to } = task;
  const generation = newGeneration(world, state, task, step);
  const entry: MoveStep =
    step === 'begin-revive'
      ? { ...beginOf(world, generation, to, from), isLost: true, revives: task.generation }
      : step === 'begin'
        ? {
            ...beginOf(world, generation, from, to),
          }
        : step === 'done'
          ? { step, generation, frozenMs: 0, bytes: 0, atMs: 0 }
          : step === 'abort'
            ? { step, generation, reason: '', atMs: 0 }
            : { step: step as 'claim' | 'commit', generation, atMs: 0 };
  const next = { ...state, journal: [...state.journal, entry], task: advanced(task) };
  const label = `home writes ${step.toUpperCase()} ${generation}`;
  if (state.left.troubles === 0) return [progress(label, next)];
  const broken = spend(
    // No node has heard of a generation that could not be claimed.
    step === 'claim' ? { ...state, task: null } : failed(world.rules, state, task, 'failed'),
    'troubles',
  );
  const unsure = { ...broken, unsure: entry };
  return [
    progress(label, next),
    { label: `${label}: it fails`, next: broken, isProgress: false },
    { label: `${label}: it fails, and perhaps did not`, next: unsure, isProgress: false },
  ];
}

function beginOf({ setup }: World, generation: number, from: number, to: number): BeginStep {
  const { driver } = setup;
  return { step: 'begin', generation, from, to, driver, why: 'asked', dirShared: false, atMs: 0 };
}

/** A rescue claims another generation than that of the move which it ends. */
function newGeneration({ rules }: World, state: ModelState, task: Task, step: HomeStep): number {
  if (task.kind !== 'rescue-finish') return task.generation;
  if (step === 'claim') return rules.nextGeneration(state.journal, placeOf(state.journal, firstPlace));
  return Math.max(...state.journal.map((entry) => entry.generation));
}

/** Pages and files, past home's requests: image and saved state are at the target, or the move fails. */
function transfer({ setup, rules }: World, state: ModelState, task: Task): readonly Action[] {
  const source = state.nodes[task.from];
  const target = state.nodes[task.to];
  const isReady =
    source?.up === true &&
    target?.up === true &&
    source.guest?.phase === 'frozen' &&
    source.guest.move?.generation === task.generation &&
    target.guest?.phase === 'prepared' &&
    target.guest.generation === task.generation;
  const broken = failed(rules, state, task, 'unreachable');
  if (!isReady) return [progress('the files do not get through', broken)];
  const change = { image: setup.driver === 'criu' ? source.image : null, saved: source.saved };
  const next = { ...withNode(state, task.to, change), task: advanced(task) };
  const actions = [progress(`image and files travel from ${task.from} to ${task.to}`, next)];
  if (state.left.losses > 0)
    actions.push({
      label: 'the link breaks under the files',
      next: spend(broken, 'losses'),
      isProgress: false,
    });
  return actions;
}

function send(world: World, state: ModelState, task: Task, step: HomeStep, sent: Request): Action {
  const label = `home asks ${sent.to}: ${sent.name} ${sent.generation}`;
  if (state.nodes[sent.to]?.up !== true) return answered(world, state, task, step, 'unreachable');
  return progress(label, {
    ...state,
    requests: [...state.requests, sent],
    task: { ...task, call: { answer: null } },
  });
}

function unanswered(
  world: World,
  state: ModelState,
  task: Task,
  step: HomeStep,
  sent: Request,
): readonly Action[] {
  const isUnderWay =
    state.requests.some((other) => other.awaited) || state.nodes[sent.to]?.work?.request.awaited === true;
  if (!isUnderWay) return [answered(world, state, task, step, 'unreachable')];
  if (state.left.losses === 0) return [];
  const late = { ...spend(withoutAwaited(state), 'losses'), task: state.task };
  const next = answered(world, late, task, step, 'unreachable').next;
  const name = `${sent.name} ${sent.generation}`;
  return [
    { label: `home gives up waiting for ${name}`, next, isProgress: false },
    {
      label: `the link to ${sent.to} breaks under ${name}`,
      next: withLook(next, sent.to, 'due'),
      isProgress: false,
    },
  ];
}

/** What is on its way is no longer waited for. */
export function withoutAwaited(state: ModelState): ModelState {
  return {
    ...state,
    requests: state.requests.map((sent) => (sent.awaited ? { ...sent, awaited: false } : sent)),
    nodes: state.nodes.map((node) =>
      node.work?.request.awaited
        ? { ...node, work: { ...node.work, request: { ...node.work.request, awaited: false } } }
        : node,
    ),
  };
}

function answered(world: World, state: ModelState, task: Task, step: HomeStep, answer: Answer): Action {
  const label = `home hears of ${step} ${task.generation}: ${answer}`;
  const isOk = answer === 'ok' || step === 'discard-source';
  const next = isOk ? { ...state, task: advanced(task) } : failed(world.rules, state, task, answer);
  return progress(label, next);
}

function failed(rules: Rules, state: ModelState, task: Task, answer: Answer): ModelState {
  const { kind } = task;
  if (kind === 'move') {
    const recovery = rules.afterFailure(state.journal);
    const isOpen = recovery.kind !== 'nothing' && recovery.move.generation === task.generation;
    if (!isOpen) return { ...state, task: taskOf('drop', task) };
    return { ...state, task: recovery.kind === 'undo' ? taskOf('undo', task) : null };
  }
  if (kind === 'undo' || kind === 'drop') return { ...state, task: null };
  if ((answer === 'refused' || answer === 'failed') && rules.isHopeless(answer)) {
    if (kind === 'recover-undo' && rules.rescueUndo.length > 0)
      return { ...state, task: taskOf('rescue-undo', task) };
    if (kind === 'recover-finish' && rules.rescueFinish.length > 0)
      return { ...state, task: taskOf('rescue-finish', task) };
    return lost(state);
  }
  return { ...state, task: null };
}

/** The recovery of an open move; it tries again when its node is there. */
function recoveryTask({ rules }: World, state: ModelState): Task | null {
  const recovery = rules.recoveryOf(state.journal);
  if (recovery.kind === 'nothing') return null;
  const { move } = recovery;
  const kind =
    recovery.kind === 'undo'
      ? 'recover-undo'
      : move.revives === undefined
        ? 'recover-finish'
        : 'recover-revived';
  const first = kind === 'recover-undo' ? move.from : move.to;
  return state.nodes[first]?.up === true ? { ...taskOf(kind, move), revives: move.revives } : null;
}

function taskOf(kind: TaskKind, { generation, from, to }: Pick<Task, 'generation' | 'from' | 'to'>): Task {
  return { kind, generation, from, to, stage: 0, call: null };
}

function advanced(task: Task): Task {
  return { ...task, stage: task.stage + 1, call: null };
}

/** reconcile.ts: after a link-up home lists the node's guests, and acts on that list perhaps much later. */
function looks(world: World, state: ModelState): readonly Action[] {
  return state.looks.flatMap((look, node) => {
    if (look === 'none') return [];
    if (look !== 'due' && look !== 'later') return [settle(world, state, node, look)];
    const { up, guest } = state.nodes[node] ?? {};
    if (up !== true || (look === 'later' && isBusy(world, state))) return [];
    const seen = guest ? { generation: guest.generation, phase: guest.phase } : 'empty';
    return [progress(`home lists ${node}`, withLook(state, node, seen))];
  });
}

function settle(
  world: World,
  state: ModelState,
  node: number,
  seen: 'empty' | { readonly generation: number },
): Action {
  const label = `home compares ${node} with its journal`;
  const looked = withLook(state, node, 'none');
  const add = (sent: Request): Action =>
    progress(`${label}: ${sent.name} ${sent.generation}`, {
      ...looked,
      requests: [...looked.requests, sent],
    });
  if (state.over)
    return seen === 'empty' ? progress(label, looked) : add(request('forget', node, seen.generation, false));
  if (isBusy(world, state))
    return progress(label, world.rules.looksAgain ? withLook(state, node, 'later') : looked);
  const place = placeOf(state.journal, firstPlace);
  const isItsPlace = place.where === node;
  const stale = seen === 'empty' ? null : staleBelow(place, node, seen);
  const { up, guest } = state.nodes[node] ?? {};
  const isElse = seen === 'empty' || seen.generation !== place.generation;
  const isGone = isItsPlace && isElse && up === true && guest?.generation !== place.generation;
  if (stale !== null) {
    const action = add(request('discard', node, stale, false));
    return isGone ? { ...action, next: { ...action.next, over: 'lost' } } : action;
  }
  return isGone
    ? progress(`${label}: the job is gone`, { ...looked, over: 'lost' })
    : progress(label, looked);
}

export function progress(label: string, next: ModelState): Action {
  return { label, next, isProgress: true };
}
