import type { DecayRates } from './decay.js';

/** `mosctl setdecay NAME`, for those who do not want to work it out. */
export const decayPresets: Readonly<Record<string, DecayRates>> = {
  default: { decayinterval: 1, slowdecay: 975, fastdecay: 926 },
  /** For jobs that change what they do within seconds. */
  quick: { decayinterval: 1, slowdecay: 926, fastdecay: 750 },
  /** For jobs that run for hours and pause for minutes. */
  patient: { decayinterval: 10, slowdecay: 975, fastdecay: 926 },
  /** The example of openMosix's manual. */
  manual: { decayinterval: 60, slowdecay: 900, fastdecay: 205 },
};

/** What the three numbers mean, in one sentence. */
export function explainDecay({ decayinterval, slowdecay, fastdecay }: DecayRates): string {
  return (
    `Every ${decayinterval} s a slow-decay job keeps ${slowdecay / 10}% of what it was counted for and a fast-decay job ` +
    `${fastdecay / 10}%, so half of it is forgotten ${halfLife(slowdecay, decayinterval)} and ` +
    `${halfLife(fastdecay, decayinterval)}; the last ${decayinterval} s count in full.`
  );
}

export function presetOf(rates: DecayRates): string | null {
  const same = Object.entries(decayPresets).find(
    ([, preset]) =>
      preset.decayinterval === rates.decayinterval &&
      preset.slowdecay === rates.slowdecay &&
      preset.fastdecay === rates.fastdecay,
  );
  return same?.[0] ?? null;
}

function halfLife(perMille: number, intervalSeconds: number): string {
  if (perMille >= 1000) return 'never';
  if (perMille <= 500) return `within ${intervalSeconds} s`;
  const seconds = (Math.log(0.5) / Math.log(perMille / 1000)) * intervalSeconds;
  return seconds < 120 ? `after ${Math.round(seconds)} s` : `after ${Math.round(seconds / 60)} min`;
}
