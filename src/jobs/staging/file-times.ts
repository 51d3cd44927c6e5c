/**
 * Node.js sets file times as floating-point seconds, which libuv cuts to microseconds: a copy's time agrees with its
 * original's to within one microsecond, and that is what "the same time" means between two machines.
 */
const toleranceNs = 1000n;

/** For `utimes`: seconds where that is exact enough, a Date before 1970 (negative seconds would mean "now"). */
export function secondsOf(timeNs: string): number | Date {
  const micros = BigInt(timeNs) / 1000n;
  // half a one more, or the nearest double may lie below and be cut to the microsecond before
  return micros >= 0n ? (Number(micros) + 0.5) / 1e6 : new Date(Number(micros / 1000n));
}

/** 0 marks a copy that must not be relied on, so it is the same as nothing. */
export function isSameTime(oneNs: string, otherNs: string): boolean {
  const one = BigInt(oneNs);
  const other = BigInt(otherNs);
  const apart = one > other ? one - other : other - one;
  return apart < toleranceNs && !isUnreliable(one) && !isUnreliable(other);
}

function isUnreliable(timeNs: bigint): boolean {
  return timeNs > -toleranceNs && timeNs < toleranceNs;
}

/** Written to a file again within the clock's tick, it keeps its time: nobody may trust a time younger than this. */
const settleNs = 2_000_000_000n;

export function isFresh(timeNs: string | bigint, nowNs: string | bigint): boolean {
  return BigInt(timeNs) >= BigInt(nowNs) - settleNs;
}

export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
