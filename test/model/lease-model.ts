import { isLeaseOver, leaseUntil, unprotected, type Protection } from '../../src/core/protection.js';

/**
 * A job under a lease, its home, and the one node that runs it; time goes in ticks of two seconds. Every order of ticks, cuts,
 * restarts of home's mosd and of messages that come late (also out of a network that is cut by now) or never.
 * The decisions are production's own (`leaseUntil`, `isLeaseOver`).
 */
export const tickMs = 2_000;
const leaseTicks = 3;
const protection: Protection = { ...unprotected, onNodeLoss: 'restart', leaseMs: leaseTicks * tickMs };
/** Home believes that a node speaks when its last report is younger (tend.ts). */
const freshTicks = 2;

export interface LeaseRules {
  /** Until when a renewal lets the guest run: the node's clock, ms. */
  until(echoMs: number, leaseMs: number, nowMs: number): number;
  /** May home start the job elsewhere? */
  isOver(givenMs: number, nowMs: number): boolean;
  /** What a mosd of home that has just started takes for the last time it gave the lease. */
  givenAtStart(nowMs: number): number;
  /** Does home go on renewing what is no longer the job's generation? */
  readonly renewsStale: boolean;
}

export const leaseRules: LeaseRules = {
  until: leaseUntil,
  isOver: (givenMs, nowMs) => isLeaseOver(protection, givenMs, nowMs),
  givenAtStart: (nowMs) => nowMs,
  renewsStale: false,
};

export const leaseMutants: Readonly<Record<string, LeaseRules>> = {
  'the lease counts from the arrival of the renewal': {
    ...leaseRules,
    until: (_echo, leaseMs, nowMs) => nowMs + leaseMs,
  },
  'home waits for the lease alone': {
    ...leaseRules,
    isOver: (givenMs, nowMs) => nowMs - givenMs >= protection.leaseMs,
  },
  'a new mosd of home thinks that it never gave a lease': { ...leaseRules, givenAtStart: () => -Infinity },
  'home goes on renewing after it has started the job elsewhere': { ...leaseRules, renewsStale: true },
};

interface State {
  readonly t: number;
  readonly node: 'runs' | 'stopped';
  readonly untilMs: number;
  readonly isCut: boolean;
  /** Readings of the node's clock on their way to home, and renewals on their way back (ticks). */
  readonly reports: readonly number[];
  readonly renewals: readonly number[];
  readonly homeUp: boolean;
  readonly givenMs: number;
  /** The newest report at home, and when it came (ticks). */
  readonly echo: number | null;
  readonly heardAt: number;
  readonly place: 'there' | 'stranded' | 'elsewhere';
  readonly left: { readonly cuts: number; readonly restarts: number };
}

export interface LeaseExploration {
  readonly states: number;
  readonly violation: { readonly invariant: string; readonly trace: readonly string[] } | null;
}

interface Step {
  readonly label: string;
  readonly next: State;
}

const start: State = {
  t: 0,
  node: 'runs',
  untilMs: protection.leaseMs,
  isCut: false,
  reports: [],
  renewals: [],
  homeUp: true,
  givenMs: 0,
  echo: 0,
  heardAt: 0,
  place: 'there',
  left: { cuts: 1, restarts: 1 },
};

/** Breadth first, up to so many ticks. */
export function exploreLeases(rules: LeaseRules, lastTick = 15): LeaseExploration {
  const seen = new Map<string, { readonly from: string; readonly label: string }>();
  const keyOf = (state: State): string => JSON.stringify(state);
  const trace = (key: string): readonly string[] => {
    const labels: string[] = [];
    for (let at = seen.get(key); at && at.from !== ''; at = seen.get(at.from)) labels.unshift(at.label);
    return labels;
  };
  let level: readonly State[] = [start];
  seen.set(keyOf(start), { from: '', label: '' });
  while (level.length > 0) {
    const next: State[] = [];
    for (const state of level) {
      const from = keyOf(state);
      for (const step of stepsOf(state, rules, lastTick)) {
        const key = keyOf(step.next);
        if (seen.has(key)) continue;
        seen.set(key, { from, label: step.label });
        const invariant = brokenIn(step.next);
        if (invariant) return { states: seen.size, violation: { invariant, trace: trace(key) } };
        next.push(step.next);
      }
    }
    level = next;
  }
  return { states: seen.size, violation: null };
}

function brokenIn(state: State): string | null {
  return state.node === 'runs' && state.place === 'elsewhere' ? 'at most one of it runs' : null;
}

function stepsOf(state: State, rules: LeaseRules, lastTick: number): readonly Step[] {
  const steps: Step[] = [...messages(state, rules), ...faults(state, rules), ...homeSteps(state)];
  if (state.t < lastTick) steps.push(...ticks(state, rules));
  return steps;
}

/** Time goes on. The warden stops a guest within a tick after its lease; mosd reports and home tends once a tick. */
function ticks(state: State, rules: LeaseRules): readonly Step[] {
  const t = state.t + 1;
  const nowMs = t * tickMs;
  const isOver = state.untilMs <= nowMs;
  const mustStop = state.untilMs <= nowMs - tickMs;
  const nodes: State['node'][] =
    state.node !== 'runs' ? [state.node] : mustStop ? ['stopped'] : isOver ? ['runs', 'stopped'] : ['runs'];
  return nodes.map((node) => {
    const reports = state.isCut ? state.reports : [...state.reports, t].slice(-2);
    const next = tended({ ...state, t, node, reports }, rules, nowMs);
    return { label: node === state.node ? `tick ${t}` : `tick ${t}: the guest is stopped`, next };
  });
}

function tended(state: State, rules: LeaseRules, nowMs: number): State {
  if (!state.homeUp) return state;
  const isFresh = state.echo !== null && state.t - state.heardAt < freshTicks;
  const isAsked = state.place === 'there' || (rules.renewsStale && state.place === 'elsewhere');
  if (isFresh && isAsked) {
    const renewals = state.isCut ? state.renewals : [...state.renewals, state.echo].slice(-2);
    return { ...state, givenMs: nowMs, renewals };
  }
  if (state.place === 'there' && rules.isOver(state.givenMs, nowMs)) return { ...state, place: 'stranded' };
  return state;
}

/** Whatever is on its way arrives now, in any order, also out of a network that has been cut since; or it never does. */
function messages(state: State, rules: LeaseRules): readonly Step[] {
  const steps: Step[] = [];
  const without = (list: readonly number[], index: number): readonly number[] =>
    list.filter((_, other) => other !== index);
  for (const [index, reading] of state.reports.entries()) {
    const rest = { ...state, reports: without(state.reports, index) };
    if (!state.homeUp) continue;
    const echo = Math.max(reading, state.echo ?? 0);
    steps.push({ label: `home hears ${reading}`, next: { ...rest, echo, heardAt: state.t } });
  }
  for (const [index, echo] of state.renewals.entries()) {
    const nowMs = state.t * tickMs;
    const untilMs = Math.max(state.untilMs, rules.until(echo * tickMs, protection.leaseMs, nowMs));
    const node = state.node === 'stopped' && untilMs > nowMs ? 'runs' : state.node;
    steps.push({
      label: `the renewal of ${echo} arrives`,
      next: { ...state, renewals: without(state.renewals, index), untilMs, node },
    });
  }
  return steps;
}

function faults(state: State, rules: LeaseRules): readonly Step[] {
  const { left } = state;
  const steps: Step[] = [];
  if (state.isCut) steps.push({ label: 'the cable is back', next: { ...state, isCut: false } });
  else if (left.cuts > 0)
    steps.push({ label: 'cut', next: { ...state, isCut: true, left: { ...left, cuts: left.cuts - 1 } } });
  if (!state.homeUp) {
    const givenMs = rules.givenAtStart(state.t * tickMs);
    const homeUp = { ...state, homeUp: true, givenMs, echo: null, heardAt: state.t };
    steps.push({ label: 'the mosd of home starts', next: homeUp });
  } else if (left.restarts > 0)
    steps.push({
      label: 'the mosd of home is killed',
      next: { ...state, homeUp: false, left: { ...left, restarts: left.restarts - 1 } },
    });
  return steps;
}

/** Stranded: it is started elsewhere, or its node is back before that. */
function homeSteps(state: State): readonly Step[] {
  if (!state.homeUp || state.place !== 'stranded') return [];
  const steps: Step[] = [{ label: 'home starts it elsewhere', next: { ...state, place: 'elsewhere' } }];
  if (!state.isCut) steps.push({ label: 'home takes it back', next: { ...state, place: 'there' } });
  return steps;
}
