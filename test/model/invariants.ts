import { placeOf, recoveryOf } from '../../src/core/relocation.js';
import { firstPlace, type ModelState } from './state.js';

export type Invariant =
  | 'at most one running'
  | 'COMMIT is final'
  | 'never lost while any party holds it'
  | 'what has ended stays ended'
  | 'it always comes to run, or to a recorded end';

/** What must hold in every single state; null = it does. */
export function brokenIn(state: ModelState): Invariant | null {
  const place = placeOf(state.journal, firstPlace);
  let running = 0;
  for (const [index, node] of state.nodes.entries()) {
    for (const tree of node.trees) {
      if (!tree.runs) continue;
      running++;
      if (state.finished) return 'what has ended stays ended';
      // Neither an older generation after the commit, nor the new one before it.
      if (!state.over && (index !== place.where || tree.generation !== place.generation))
        return running > 1 ? 'at most one running' : 'COMMIT is final';
    }
  }
  if (running > 1) return 'at most one running';
  // Only the death of the machine that the journal names takes the job along.
  const isExcused = state.finished || state.nodes[place.where]?.died === true;
  if (state.over && !isExcused) return 'never lost while any party holds it';
  if (state.over === 'lost though held') return 'never lost while any party holds it';
  return null;
}

/** A state in which all is well: from every reachable one, one of these must be reachable without another fault. */
export function isSettled(state: ModelState): boolean {
  if (state.over) return true;
  if (!state.homeUp || state.task || recoveryOf(state.journal).kind !== 'nothing') return false;
  const place = placeOf(state.journal, firstPlace);
  const node = state.nodes[place.where];
  return (
    node?.up === true &&
    node.guest?.phase === 'running' &&
    node.guest.generation === place.generation &&
    !node.dumping &&
    node.trees.some((tree) => tree.runs && tree.generation === place.generation)
  );
}
