import type { GuestStanding, GuestStep } from '../../src/core/guest-steps.js';
import type { Rules } from './rules.js';
import { named, type Answer, type ModelNode, type Request, type Setup } from './state.js';

/** The node after one step of a request; with `answer` the request is done. Null: it waits. */
export interface NodeStep {
  readonly node: ModelNode;
  readonly answer: Answer | null;
}

interface Work {
  readonly rules: Rules;
  readonly driver: Setup['driver'];
  readonly node: ModelNode;
  readonly request: Request;
  readonly stage: number;
}

/**
 * One step of what src/daemon/guest does for a request. Between two steps mosd may end: stage 0 decides and writes
 * down, stage 1 acts, stage 2 writes down what was done.
 */
export function nodeStep(work: Work): NodeStep | null {
  return handlers[work.request.name](work);
}

const handlers: Readonly<Record<Request['name'], (work: Work) => NodeStep | null>> = {
  start: (work) =>
    byStage(work, (guest) => work.rules.decideStart(guest, work.request.generation), {
      act: (node, guest) =>
        done(
          started(
            { ...node, guest: { ...guest, phase: 'running', process: named }, exit: false },
            guest.generation,
          ),
        ),
    }),
  prepare,
  freeze: (work) =>
    byStage(work, (guest) => work.rules.decideFreeze(guest, work.request.generation), {
      note: (guest) => ({ ...guest, phase: 'freezing', move: moveOf(work) }),
      act: (node, guest) => freeze(work, node, guest),
      close: (guest) => ({ ...guest, phase: 'frozen' }),
    }),
  holds: ({ rules, driver, node, request }) => {
    const isHeld = rules.holdsCopy(node.guest, request.generation) && hasProcesses(driver, node);
    const { guest } = node;
    const isComing = guest?.phase === 'prepared' && guest.generation === request.generation;
    const isNoted = guest && (isComing || (isHeld && guest.phase === 'frozen'));
    const told = isNoted ? { ...node, guest: { ...guest, undone: request.generation } } : node;
    return { node: told, answer: isHeld ? 'ok' : 'refused' };
  },
  revive: (work) =>
    byStage(work, (guest) => livingOr(work, guest, reviveStep(work, guest)), {
      note: (guest) => ({
        ...guest,
        generation: work.request.generation,
        undone: work.request.frozenFor ?? 0,
      }),
      noteNode: (node, guest) => renamed(node, guest.generation, work.request.generation),
      act: (node, guest) =>
        node.dumping && work.rules.waitsForDump ? null : next(awake(work.driver, node, guest)),
      close: (guest) => ({ ...guest, phase: 'running', process: named, move: null }),
      closeNode: { image: null },
    }),
  thaw: (work) =>
    byStage(work, (guest) => livingOr(work, guest, work.rules.decideThaw(guest, work.request.generation)), {
      noteAlways: (guest) => ({ ...guest, undone: Math.max(guest.undone ?? 0, work.request.generation) }),
      act: (node, guest) =>
        node.dumping && work.rules.waitsForDump ? null : next(awake(work.driver, node, guest)),
      close: (guest) => ({ ...guest, phase: 'running', process: named, move: null }),
      closeNode: { image: null },
    }),
  restore: (work) =>
    byStage(work, (guest) => work.rules.decideRestore(guest, work.request.generation), {
      note: (guest) => ({ ...guest, move: moveOf(work) }),
      act: (node, guest) => restore(work, node, guest),
      close: (guest) => ({ ...guest, phase: 'restored', process: work.driver === 'criu' ? named : null }),
    }),
  continue: (work) =>
    byStage(
      work,
      (guest) => livingOr(work, guest, work.rules.decideContinue(guest, work.request.generation)),
      {
        act: (node, guest) => next(continued(work.driver, node, guest)),
        close: (guest) => ({ ...guest, phase: 'running', process: named, move: null }),
        closeNode: { image: null },
      },
    ),
  discard: (work) => remove(work, (guest) => work.rules.decideDiscard(guest, work.request.generation)),
  forget: (work) => remove(work, (guest) => work.rules.decideForget(guest, work.request.generation)),
};

interface Stages {
  readonly note?: (guest: GuestStanding) => GuestStanding;
  readonly noteNode?: (node: ModelNode, before: GuestStanding) => ModelNode;
  /** Written down whatever was decided. */
  readonly noteAlways?: (guest: GuestStanding) => GuestStanding;
  readonly act: (node: ModelNode, guest: GuestStanding) => NodeStep | null;
  readonly close?: (guest: GuestStanding) => GuestStanding;
  readonly closeNode?: Partial<ModelNode>;
}

function byStage(
  { node, stage }: Work,
  decide: (guest: GuestStanding) => GuestStep<string>,
  stages: Stages,
): NodeStep | null {
  const { guest } = node;
  if (!guest) return { node, answer: 'refused' };
  if (stage === 1) return stages.act(node, guest);
  if (stage === 2) return done({ ...node, ...stages.closeNode, guest: stages.close?.(guest) ?? guest });
  const { kind } = decide(guest);
  if (kind === 'no') return { node, answer: 'refused' };
  const noted = { ...node, guest: stages.noteAlways?.(guest) ?? guest };
  if (kind === 'nothing' || kind === 'running') return done(noted);
  // `ended` of a freeze is news for home; of a continue it is the same as running.
  if (kind === 'ended') return { node: noted, answer: stages.note ? 'ended' : 'ok' };
  const node1 = stages.noteNode?.(noted, noted.guest) ?? noted;
  return next({ ...node1, guest: stages.note?.(noted.guest) ?? noted.guest });
}

function reviveStep({ rules, request }: Work, guest: GuestStanding): GuestStep<string> {
  const step = rules.decideRevive(guest, request.frozenFor ?? 0, request.generation);
  return step.kind === 'ended' ? { kind: 'running' } : step; // for home it is the same
}

/** moves.ts, requireProcesses: what stood still and is gone can't go on. */
function livingOr(
  { rules, driver, node }: Work,
  guest: GuestStanding,
  step: GuestStep<string>,
): GuestStep<string> {
  const wakes = step.kind === 'thaw' || step.kind === 'revive' || step.kind === 'continue';
  const isStarted = step.kind === 'continue' && guest.process === null;
  if (!wakes || isStarted || !rules.looksForProcesses || hasProcesses(driver, node)) return step;
  return { kind: 'no', reason: 'gone' };
}

function hasProcesses(driver: Setup['driver'], node: ModelNode): boolean {
  if (driver === 'app') return true;
  if (!node.guest?.process) return driver === 'restart';
  return node.exit || isAliveOn(node, node.guest);
}

/** Trees are named by the generation that they run as. */
function renamed(node: ModelNode, from: number, to: number): ModelNode {
  const trees = node.trees.map((tree) => (tree.generation === from ? { ...tree, generation: to } : tree));
  return { ...node, trees };
}

function prepare({ rules, node, request, stage }: Work): NodeStep {
  const generation = request.generation;
  if (stage === 0) {
    const { kind } = rules.decidePrepare(node.guest, generation);
    if (kind === 'no') return { node, answer: 'refused' };
    return next(kind === 'replace' && node.guest ? cleared(killed(node, node.guest)) : node);
  }
  const guest: GuestStanding = { generation, phase: 'prepared', process: null, move: null };
  return done({ ...cleared(node), guest });
}

function remove({ node, stage }: Work, decide: (guest: GuestStanding | null) => GuestStep<string>): NodeStep {
  if (stage === 1) return done(cleared(node));
  const { kind } = decide(node.guest);
  if (kind === 'no') return { node, answer: 'refused' };
  if (kind === 'nothing' || !node.guest) return done(node);
  return next(kind === 'record' ? node : killed(node, node.guest));
}

function freeze({ driver, request }: Work, node: ModelNode, guest: GuestStanding): NodeStep {
  const isAlive = node.trees.some((tree) => tree.generation === guest.generation);
  if (!isAlive && !(driver === 'app' && node.saved))
    return { node: { ...node, guest: endedGuest(guest) }, answer: 'ended' };
  if (driver === 'app') return next({ ...killed(node, guest), saved: true });
  const stopped = withTrees(node, guest.generation, false);
  return next(driver === 'criu' ? { ...stopped, image: request.generation } : stopped);
}

function restore({ driver, request }: Work, node: ModelNode, guest: GuestStanding): NodeStep {
  if (driver !== 'criu') return next(node);
  if (node.image !== request.generation) return { node, answer: 'failed' };
  return next({ ...node, trees: [...node.trees, { generation: guest.generation, runs: false }] });
}

/** Driver.thaw. */
function awake(driver: Setup['driver'], node: ModelNode, guest: GuestStanding): ModelNode {
  return driver === 'app' ? resumed(node, guest) : withTrees(node, guest.generation, true);
}

/** Driver.continue. */
function continued(driver: Setup['driver'], node: ModelNode, guest: GuestStanding): ModelNode {
  if (driver === 'criu') return withTrees(node, guest.generation, true);
  const withProcess = { ...node, guest: { ...guest, process: named } };
  if (driver === 'app') return guest.process ? resumed(node, guest) : started(withProcess, guest.generation);
  const isStarted = guest.process !== null && (node.exit || isAliveOn(node, guest));
  return isStarted ? node : started({ ...withProcess, exit: false }, guest.generation);
}

function resumed(node: ModelNode, guest: GuestStanding): ModelNode {
  return node.exit || isAliveOn(node, guest) ? node : started(node, guest.generation);
}

function isAliveOn(node: ModelNode, guest: GuestStanding): boolean {
  return node.trees.some((tree) => tree.generation === guest.generation);
}

export function started(node: ModelNode, generation: number): ModelNode {
  return { ...node, saved: false, trees: [...node.trees, { generation, runs: true }] };
}

export function withTrees(node: ModelNode, generation: number, runs: boolean): ModelNode {
  return {
    ...node,
    trees: node.trees.map((tree) => (tree.generation === generation ? { generation, runs } : tree)),
  };
}

function killed(node: ModelNode, guest: GuestStanding): ModelNode {
  return {
    ...node,
    dumping: false,
    trees: node.trees.filter((tree) => tree.generation !== guest.generation),
  };
}

function cleared(node: ModelNode): ModelNode {
  return { ...node, guest: null, image: null, saved: false, exit: false };
}

export function endedGuest(guest: GuestStanding): GuestStanding {
  return { ...guest, phase: 'ended', process: null, move: null };
}

function moveOf({ request }: Work): { readonly generation: number } {
  return { generation: request.generation };
}

function next(node: ModelNode): NodeStep {
  return { node, answer: null };
}

function done(node: ModelNode): NodeStep {
  return { node, answer: 'ok' };
}
