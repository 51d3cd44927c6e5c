/** MF: the load of one process on one standard processor. */
const processLoad = 100;
/** STD_SPD: speed of the standard processor. */
const standardSpeed = 10_000;

/**
 * The manual leaves its constants open. A load cycle is one second here, and DECAY is 3/4, NEWDATA the rest, the weights
 * that the manual itself gives `acpuse`: a time constant of 3.5 s. A burst of a second hardly shows in the own load, and
 * a job that goes on counts half after 2.4 s and nearly whole after 8 s, which is short against the time that a move has
 * to pay for itself. The exported load falls by an eighth per cycle (the manual's), a time constant of 7.5 s, so that a
 * node which was just crowded does not draw a crowd again.
 */
export const loadDecay = 3 / 4;
const newData = 1 - loadDecay;
export const loadCycleMs = 1000;
export const samplesPerCycle = 4;
const upperWeight = 7 / 8;
/** However much the hypervisor takes, a load stays a number one can compare. */
const leastUsable = 0.05;

/** Of the node, as `NodeReport` has them. */
export interface Processors {
  readonly speed: number;
  readonly cpus: number;
}

export interface LoadState {
  /** `load`: the own view; rises gradually, falls at once. */
  readonly ownload: number;
  /** `export_load`: what others are told; rises at once, falls slowly. */
  readonly load: number;
  /** `accload`, before processors and steal are taken into account. */
  readonly accumulated: number;
  /** `upper_load`. */
  readonly upper: number;
  /** `acpuse`: share of the processors' time that could be used, 0 … 1. */
  readonly usable: number;
  /** `came_lately`: guests that came and may not show yet, in processes. */
  readonly cameLately: number;
  /** `load_left`: processes that left since the last cycle. */
  readonly left: number;
}

export const idleLoad: LoadState = {
  ownload: 0,
  load: 0,
  accumulated: 0,
  upper: 0,
  usable: 1,
  cameLately: 0,
  left: 0,
};

export interface LoadSample {
  /** Mean number of runnable tasks over the samples of the cycle (`load_adder / load_ticks`). */
  readonly running: number;
  /** Share of the processors' time that the hypervisor left us, 0 … 1. */
  readonly usable: number;
  /** Guests that are on their way here right now (`coming_in`). */
  readonly comingIn: number;
}

/**
 * One load cycle: the manual's mosix_calc_load (appendix, "Véase como se calcula la carga"). Its stable_export, one
 * process that every node adds to what it exports, is left to whoever compares nodes (core/balance adds the job itself,
 * 2 % more away from home), so that an idle node shows load 0.
 */
export function stepLoad(state: LoadState, sample: LoadSample, processors: Processors): LoadState {
  const unit = loadOfProcess(processors);
  const measured = sample.running * unit;
  const accumulated =
    measured > state.accumulated ? state.accumulated * loadDecay + measured * newData : measured;
  const upper = measured >= state.upper ? measured : state.upper * upperWeight + measured * (1 - upperWeight);
  const usable = state.usable * loadDecay + Math.max(leastUsable, Math.min(1, sample.usable)) * newData;
  return {
    ownload: Math.max(0, accumulated - state.left * unit) / usable,
    load: (upper + state.cameLately * unit) / usable,
    accumulated,
    upper,
    usable,
    cameLately: state.cameLately * loadDecay + sample.comingIn * newData,
    left: 0,
  };
}

/** Guests arrived: they count at once in what is exported, long before a sample shows them. */
export function noteArrival(state: LoadState, guests: number, processors: Processors): LoadState {
  return {
    ...state,
    load: Math.max(0, state.load + guests * loadOfProcess(processors)),
    cameLately: Math.max(0, state.cameLately + guests),
  };
}

/** Processes left: the own load falls at once, so that not a second one is sent away for the same reason. */
export function noteDeparture(state: LoadState, processes: number, processors: Processors): LoadState {
  return {
    ...state,
    ownload: Math.max(0, state.ownload - processes * loadOfProcess(processors)),
    left: state.left + processes,
  };
}

/** `m->load`: a job's share of one processor, 1 = all of it; `ran` is its share in the last `elapsedMs`. */
export function stepProcessLoad(previous: number, ran: number, elapsedMs = loadCycleMs): number {
  const kept = loadDecay ** (elapsedMs / loadCycleMs);
  return previous * kept + ran * (1 - kept);
}

/** What one process counts for in the load of such a node. */
export function loadOfProcess({ speed, cpus }: Processors): number {
  return (processLoad * standardSpeed) / (Math.max(1, speed) * Math.max(1, cpus));
}
