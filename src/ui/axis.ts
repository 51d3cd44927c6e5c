/** A value axis: where a value stands between the floor (0) and the top (1), and which values are written beside it. */
export interface Axis {
  readonly top: number;
  readonly ticks: readonly Tick[];
  /** 0 … 1, never outside. */
  fraction(value: number): number;
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

type Label = (value: number) => string;

const roundFactors = [1, 2, 5, 10];
/** For an axis with so few ticks that its top had better be near the highest value. */
const fineFactors = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const fewTicks = 2;

/** From zero to a round number at or above `max`. */
export function linearAxis(
  max: number,
  mostTicks: number,
  label: (step: number) => Label,
  factors: readonly number[] = roundFactors,
): Axis {
  const step = mostTicks <= fewTicks ? roundUp(max, fineFactors) : roundUp(max / mostTicks, factors);
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  const top = count * step;
  const write = label(step);
  return {
    top,
    ticks: Array.from({ length: count + 1 }, (_, i) => ({ value: i * step, label: write(i * step) })),
    fraction: (value) => clamp(value / top),
  };
}

/** Whole decades from `floor` to the first at or above `max`. */
export function logAxis(floor: number, max: number, mostTicks: number, label: Label): Axis {
  const decades = Math.max(1, Math.ceil(Math.log10(max / floor) - 1e-9));
  const every = Math.ceil(decades / Math.max(1, mostTicks));
  const ticks: Tick[] = [];
  for (let decade = 0; decade <= decades; decade += every) {
    const value = floor * 10 ** decade;
    ticks.push({ value, label: label(value) });
  }
  return {
    top: floor * 10 ** decades,
    ticks,
    fraction: (value) => clamp(Math.log10(Math.max(value, floor) / floor) / decades),
  };
}

/** One of the factors times a power of ten, at or above `least`. */
function roundUp(least: number, factors: readonly number[]): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)));
  const factor = factors.find((f) => f * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
