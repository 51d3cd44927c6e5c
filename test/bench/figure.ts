import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';

export interface Figure {
  readonly name: string;
  readonly what: string;
  /** Null = could not be measured here; `detail` says why. */
  readonly value: number | null;
  readonly must: number;
  readonly isMet: boolean;
  /** The measured parts, with their units. */
  readonly detail: string;
}

export function figure(name: string, what: string, value: number, must: number, detail: string): Figure {
  return { name, what, value, must, isMet: value <= must, detail };
}

export function notMeasured(name: string, what: string, must: number, why: string): Figure {
  return { name, what, value: null, must, isMet: false, detail: why };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** Wall time of one run of a program, ms. Throws when it fails. */
export function timeRun(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { env, maxBuffer: 1 << 26 }, (error) => {
      if (error) reject(new Error(`${file} ${args.join(' ')}: ${error.message}`));
      else resolve(performance.now() - startMs);
    });
  });
}

/** Times two programs in turn, so that a slow minute of the machine hits both; answers both medians. */
export async function timePair(
  rounds: number,
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<readonly [number, number]> {
  const ones: number[] = [];
  const others: number[] = [];
  await one();
  await other();
  for (let round = 0; round < rounds; round++) {
    ones.push(await one());
    others.push(await other());
  }
  return [median(ones), median(others)];
}
