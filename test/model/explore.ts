import { actionsOf, type World } from './actions.js';
import { brokenIn, isSettled, type Invariant } from './invariants.js';
import { initialState, keyOf, type ModelState } from './state.js';

export interface Violation {
  readonly invariant: Invariant;
  /** The shortest way there. */
  readonly trace: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Everything that the bounds allow was seen. */
  readonly isComplete: boolean;
  readonly violation: Violation | null;
}

export interface ExploreOptions {
  readonly maxStates: number;
}

const wayBytes = 1 << 16;

/** A list of pairs of state numbers that grows. */
class Edges {
  #from = new Int32Array(wayBytes);
  #to = new Int32Array(wayBytes);
  size = 0;

  add(from: number, to: number): void {
    if (this.size === this.#from.length) {
      this.#from = grown(this.#from);
      this.#to = grown(this.#to);
    }
    this.#from[this.size] = from;
    this.#to[this.size] = to;
    this.size++;
  }

  /** All states from which one of `goals` can be reached. */
  reaching(goals: readonly number[], states: number): Uint8Array {
    const first = new Int32Array(states + 1);
    for (let edge = 0; edge < this.size; edge++) first[this.#to[edge]! + 1]!++;
    for (let state = 0; state < states; state++) first[state + 1]! += first[state]!;
    const sources = new Int32Array(this.size);
    const at = first.slice();
    for (let edge = 0; edge < this.size; edge++) sources[at[this.#to[edge]!]!++] = this.#from[edge]!;
    const reaches = new Uint8Array(states);
    const queue = [...goals];
    for (const goal of goals) reaches[goal] = 1;
    for (let goal = queue.pop(); goal !== undefined; goal = queue.pop()) {
      for (let edge = first[goal]!; edge < first[goal + 1]!; edge++) {
        const source = sources[edge]!;
        if (reaches[source] === 1) continue;
        reaches[source] = 1;
        queue.push(source);
      }
    }
    return reaches;
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/**
 * Breadth first through every state that the bounds allow; ends at the first violation. Whatever cannot come to a good
 * end without another fault is one too.
 */
export function explore(world: World, { maxStates }: ExploreOptions): Exploration {
  const numbers = new Map<string, number>();
  const parents: number[] = [];
  const labels: string[] = [];
  const goals: number[] = [];
  const progress = new Edges();
  const interned = new Map<string, string>();
  let transitions = 0;

  const traceTo = (state: number): readonly string[] => {
    const trace: string[] = [];
    for (let at = state; at > 0; at = parents[at]!) trace.unshift(labels[at]!);
    return trace;
  };
  const numberOf = (state: ModelState, parent: number, label: string): { number: number; isNew: boolean } => {
    const key = keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return { number: known, isNew: false };
    const number = parents.length;
    numbers.set(key, number);
    parents.push(parent);
    labels.push(interned.get(label) ?? label);
    interned.set(label, label);
    if (isSettled(state)) goals.push(number);
    return { number, isNew: true };
  };
  const result = (violation: Violation | null, isComplete: boolean): Exploration => ({
    states: parents.length,
    transitions,
    isComplete,
    violation,
  });

  const first = initialState(world.setup);
  numberOf(first, 0, '');
  let level: readonly { readonly state: ModelState; readonly number: number }[] = [
    { state: first, number: 0 },
  ];
  while (level.length > 0) {
    if (parents.length >= maxStates) {
      // What was not gone into is not judged.
      for (const { number } of level) goals.push(number);
      break;
    }
    const nextLevel: { readonly state: ModelState; readonly number: number }[] = [];
    for (const { state, number } of level) {
      for (const action of actionsOf(world, state)) {
        transitions++;
        const reached = numberOf(action.next, number, action.label);
        if (action.isProgress) progress.add(number, reached.number);
        if (!reached.isNew) continue;
        const invariant = brokenIn(action.next);
        if (invariant) return result({ invariant, trace: traceTo(reached.number) }, false);
        nextLevel.push({ state: action.next, number: reached.number });
      }
    }
    level = nextLevel;
  }
  const reaches = progress.reaching(goals, parents.length);
  const stuck = reaches.indexOf(0);
  const invariant = 'it always comes to run, or to a recorded end';
  return result(stuck < 0 ? null : { invariant, trace: traceTo(stuck) }, level.length === 0);
}
