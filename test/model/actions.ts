import { homeActions, progress, withoutAwaited, type Action } from './home-steps.js';
import { endedGuest, nodeStep, started, withTrees } from './node-steps.js';
import type { Rules } from './rules.js';
import { spend, withNode, type Answer, type ModelNode, type ModelState, type Setup } from './state.js';

export interface World {
  readonly rules: Rules;
  readonly setup: Setup;
}

/** Everything that may happen next. */
export function actionsOf(world: World, state: ModelState): readonly Action[] {
  const actions: Action[] = [...homeActions(world, state), ...homeFaults(state)];
  for (const [index, node] of state.nodes.entries())
    actions.push(...nodeActions(world, state, node, index), ...nodeFaults(world, state, node, index));
  actions.push(...arrivals(state));
  return actions;
}

function homeFaults(state: ModelState): readonly Action[] {
  if (!state.homeUp) {
    const looks = state.looks.map(() => 'due' as const);
    return [progress('the mosd of home starts', { ...state, homeUp: true, looks })];
  }
  if (state.left.crashes === 0 || state.over) return [];
  const looks = state.looks.map(() => 'none' as const);
  const next = { ...spend(withoutAwaited(state), 'crashes'), homeUp: false, task: null, looks };
  if (!state.unsure) return [{ label: 'the mosd of home is killed', next, isProgress: false }];
  const journal = [...state.journal, state.unsure];
  return [
    { label: 'the mosd of home is killed', next: { ...next, unsure: null }, isProgress: false },
    {
      label: 'the mosd of home is killed; the entry was on the disk',
      next: { ...next, journal, unsure: null },
      isProgress: false,
    },
  ];
}

function nodeActions(world: World, state: ModelState, node: ModelNode, index: number): readonly Action[] {
  const actions: Action[] = [];
  if (node.dumping) actions.push(progress(`the old dump on ${index} ends`, dumped(state, node, index)));
  if (!node.up) {
    const looks = state.looks.map((look, other) => (other === index && state.homeUp ? 'due' : look));
    actions.push(progress(`the mosd of ${index} starts`, { ...withNode(state, index, { up: true }), looks }));
    return actions;
  }
  if (node.work) actions.push(...workActions(world, state, node, index));
  else actions.push(...watch(world, state, node, index));
  return actions;
}

/** It stops the tree that it had begun to dump, whoever has woken it meanwhile. */
function dumped(state: ModelState, node: ModelNode, index: number): ModelState {
  const { generation } = node.guest ?? { generation: 0 };
  return withNode(state, index, { ...withTrees(node, generation, false), dumping: false });
}

function workActions(world: World, state: ModelState, node: ModelNode, index: number): readonly Action[] {
  const { rules, setup } = world;
  if (!node.work) return [];
  const { request, stage } = node.work;
  const step = nodeStep({ rules, driver: setup.driver, node, request, stage });
  if (!step) return [];
  const name = `${request.name} ${request.generation}`;
  const actions: Action[] = [];
  if (step.answer === null) {
    const work = { request, stage: stage + 1 };
    actions.push(progress(`${index} goes on with ${name}`, withNode(state, index, { ...step.node, work })));
  } else {
    const next = withNode(state, index, { ...step.node, work: null });
    actions.push(
      progress(`${index} answers ${name}: ${step.answer}`, answer(next, request.awaited, step.answer)),
    );
  }
  if (stage === 1 && state.left.troubles > 0) {
    const next = spend(withNode(state, index, { work: null }), 'troubles');
    actions.push({
      label: `${name} fails on ${index}`,
      next: answer(next, request.awaited, 'failed'),
      isProgress: false,
    });
  }
  return actions;
}

function answer(state: ModelState, isAwaited: boolean, given: Answer): ModelState {
  if (!isAwaited || !state.task?.call) return state;
  return { ...state, task: { ...state.task, call: { answer: given } } };
}

/** Guests.#look: what has ended is written down, what saved itself by itself is started again. */
function watch({ setup }: World, state: ModelState, node: ModelNode, index: number): readonly Action[] {
  const { guest } = node;
  if (guest?.phase !== 'running' || node.trees.some((tree) => tree.generation === guest.generation))
    return [];
  if (setup.driver === 'app' && node.saved)
    return [progress(`${index} starts it again`, withNode(state, index, started(node, guest.generation)))];
  return [progress(`${index} writes down its end`, withNode(state, index, { guest: endedGuest(guest) }))];
}

function nodeFaults({ setup }: World, state: ModelState, node: ModelNode, index: number): readonly Action[] {
  const actions: Action[] = [];
  const fault = (label: string, next: ModelState): void =>
    void actions.push({ label, next, isProgress: false });
  if (node.up && state.left.crashes > 0 && !state.over) {
    const killed = spend(withNode(state, index, { up: false, work: null }), 'crashes');
    fault(`the mosd of ${index} is killed`, killed);
    const isDumping =
      setup.driver === 'criu' && node.work?.request.name === 'freeze' && node.work.stage === 1;
    if (isDumping)
      fault(`the mosd of ${index} is killed, its dump is not`, withNode(killed, index, { dumping: true }));
  }
  if (state.left.deaths > 0 && !state.over) {
    const dead = { up: false, work: null, trees: [], dumping: false, died: true };
    const kept = spend(withNode(state, index, dead), 'deaths');
    fault(`the machine ${index} dies`, kept);
    if (node.guest)
      fault(
        `the machine ${index} dies, with what it had not written out`,
        withNode(kept, index, { guest: null, image: null, saved: false, exit: false }),
      );
  }
  if (state.left.ends > 0 && node.trees.some((tree) => tree.runs)) {
    const trees = node.trees.filter((tree) => !tree.runs);
    const next = { ...spend(withNode(state, index, { trees, exit: true }), 'ends'), finished: true };
    fault(`the job on ${index} runs to its end`, next);
  }
  return actions;
}

/** Requests reach a node in any order; those nobody waits for late, or never. */
function arrivals(state: ModelState): readonly Action[] {
  return state.requests.flatMap((request, index) => {
    const node = state.nodes[request.to];
    if (!node?.up || node.work) return [];
    const requests = state.requests.filter((_, other) => other !== index);
    const next = { ...withNode(state, request.to, { work: { request, stage: 0 } }), requests };
    const late = request.awaited ? '' : ', late';
    const label = `${request.name} ${request.generation} reaches ${request.to}${late}`;
    return [{ label, next, isProgress: request.awaited }];
  });
}
