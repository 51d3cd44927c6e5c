/**
 * Where a guest stands on its node:
 * prepared → running ⇄ frozen (a move away is under way) → gone; or, at the target, prepared → restored → running.
 * `ended`: it ran out here; the record waits until home has collected everything.
 */
export type GuestPhase = 'prepared' | 'running' | 'freezing' | 'frozen' | 'restored' | 'ended';

/** What a node's answer to a request of home depends on. */
export interface GuestStanding {
  readonly generation: number;
  readonly phase: GuestPhase;
  readonly process: object | null;
  /** The move that freezes or brings it. */
  readonly move: { readonly generation: number } | null;
  /** The newest move away that was given up, or the move here of which home was told that there is no copy. */
  readonly undone?: number | undefined;
}

/** What the node does about a request: an act, or the reason why not. Requests may come late, twice and out of order. */
export type GuestStep<K extends string> =
  { readonly kind: K } | { readonly kind: 'no'; readonly reason: string };

function no(reason: string): { readonly kind: 'no'; readonly reason: string } {
  return { kind: 'no', reason };
}

/** A stopped leftover of an earlier move gives way; something that runs is not touched. */
export function decidePrepare(old: GuestStanding | null, generation: number): GuestStep<'admit' | 'replace'> {
  if (!old) return { kind: 'admit' };
  // One that was admitted and never started: the answer to an earlier request got lost.
  const isUnused = old.phase === 'prepared' && old.process === null && old.generation <= generation;
  const isStopped = old.phase !== 'running' && old.phase !== 'ended';
  if (isUnused || (old.generation < generation && isStopped)) return { kind: 'replace' };
  return no(`generation ${old.generation} is still held, ${old.phase}`);
}

/** A job starts once. A start that comes late must not run what a move has brought here. */
export function decideStart(guest: GuestStanding, generation: number): GuestStep<'start' | 'running'> {
  if (guest.generation !== generation) return no(otherGeneration(guest, generation));
  if (guest.phase === 'running') return { kind: 'running' };
  if (guest.phase !== 'prepared' || guest.move) return no(`it is ${guest.phase}`);
  return { kind: 'start' };
}

/** A request to freeze for a move that home has given up meanwhile would stop the job for ever. */
export function decideFreeze(guest: GuestStanding, generation: number): GuestStep<'freeze' | 'ended'> {
  if (guest.phase === 'ended') return { kind: 'ended' };
  if (guest.phase !== 'running') return no(`it is ${guest.phase}, not running`);
  if (generation <= Math.max(guest.generation, guest.undone ?? 0))
    return no(`the move to generation ${generation} was given up`);
  return { kind: 'freeze' };
}

/** `thaw` also ends the freeze of an older move: home makes one after the other. A younger one must go on. */
export function decideThaw(guest: GuestStanding, generation: number): GuestStep<'thaw' | 'nothing'> {
  if (guest.phase !== 'frozen' && guest.phase !== 'freezing') return { kind: 'nothing' };
  const frozenFor = guest.move?.generation ?? 0;
  if (generation < frozenFor) return no(`it is frozen for generation ${frozenFor}, not ${generation}`);
  return { kind: 'thaw' };
}

export function decideRestore(guest: GuestStanding, generation: number): GuestStep<'restore' | 'nothing'> {
  if (guest.generation !== generation) return no(otherGeneration(guest, generation));
  if (guest.phase === 'restored') return { kind: 'nothing' };
  if (generation <= (guest.undone ?? 0))
    return no(`home was told that it has no copy of generation ${generation}`);
  return guest.phase === 'prepared' ? { kind: 'restore' } : no(`it is ${guest.phase}, not prepared`);
}

/** Comes after the commit only, and as often as it takes. */
export function decideContinue(
  guest: GuestStanding,
  generation: number,
): GuestStep<'continue' | 'running' | 'ended'> {
  if (guest.generation !== generation) return no(otherGeneration(guest, generation));
  if (guest.phase === 'running' || guest.phase === 'ended') return { kind: guest.phase };
  return guest.phase === 'restored' ? { kind: 'continue' } : no(`it is ${guest.phase}, not restored`);
}

/**
 * The source's part when a committed move lost its target: what it holds frozen for that move goes on as `generation`. Comes
 * after the commit of that, and as often as it takes.
 */
export function decideRevive(
  guest: GuestStanding,
  frozenFor: number,
  generation: number,
): GuestStep<'revive' | 'running' | 'ended'> {
  const isFrozen = guest.phase === 'frozen' && guest.move?.generation === frozenFor;
  if (isFrozen && guest.generation <= generation) return { kind: 'revive' };
  if (guest.generation !== generation) return no(otherGeneration(guest, generation));
  return guest.phase === 'running' || guest.phase === 'ended'
    ? { kind: guest.phase }
    : no(`it is ${guest.phase}`);
}

/** Does this node have a whole copy that stands still for the move to `generation`: as its source, or as its target? */
export function holdsCopy(guest: GuestStanding | null, generation: number): boolean {
  if (guest?.phase === 'frozen') return guest.move?.generation === generation;
  return guest?.phase === 'restored' && guest.generation === generation;
}

/**
 * What has to end: the unfinished `copy` of that very generation, or what is older: the job `frozen` for a move, the
 * `tree` of a job, or a `record` without one. What is younger, and what runs or ran as that generation, is not touched.
 */
export function decideDiscard(
  guest: GuestStanding | null,
  generation: number,
): GuestStep<'nothing' | 'copy' | 'frozen' | 'tree' | 'record'> {
  if (!guest || guest.generation > generation) return { kind: 'nothing' };
  // Home was told that the job stands still here, and goes on with that: the discard of that move comes late.
  if (guest.phase === 'frozen' && generation <= (guest.undone ?? 0)) return { kind: 'nothing' };
  if (guest.generation === generation) {
    if (guest.phase !== 'prepared' && guest.phase !== 'restored')
      return no(`it is ${guest.phase} here as generation ${generation}`);
    return { kind: guest.move ? 'copy' : leftoverOf(guest) };
  }
  return { kind: leftoverOf(guest) };
}

/** The job is over for home, or was never started. A younger generation is another story. */
export function decideForget(
  guest: GuestStanding | null,
  generation: number,
): GuestStep<'nothing' | 'frozen' | 'tree' | 'record'> {
  if (!guest || guest.generation > generation) return { kind: 'nothing' };
  return { kind: leftoverOf(guest) };
}

function leftoverOf(guest: GuestStanding): 'frozen' | 'tree' | 'record' {
  const isFrozen = guest.phase === 'frozen' || guest.phase === 'freezing';
  if (guest.process && isFrozen && guest.move) return 'frozen';
  return guest.process ? 'tree' : 'record';
}

function otherGeneration(guest: GuestStanding, generation: number): string {
  return `this node has generation ${guest.generation} of it, not ${generation}`;
}
