/** Numbers that a seed decides (mulberry32): a run can be repeated. */
export interface Random {
  /** 0 … below − 1. */
  below(below: number): number;
  pick<T>(list: readonly T[]): T;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (most: number): number => Math.floor((next() / 2 ** 32) * most);
  return { below, pick: (list) => list[below(list.length)]! };
}

/** Seed of one input: any input can be made again without those before it. */
export function seedOf(seed: number, index: number): number {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
}
