import { setImmediate } from 'node:timers/promises';

/**
 * Work units that one core of a server of the 2020s at about 2.5 GHz does per ms of CPU time; measured on an AMD EPYC
 * (Zen 4) at 2.6 GHz with Node.js 20. Such a core is the standard processor, speed 10000.
 */
const standardUnitsPerMs = 8.1;
const standardSpeed = 10_000;
const sliceUs = 8_000;
const warmUpUs = 40_000;
const measureUs = 160_000;

/**
 * Speed of one processor, 10000 = standard, from 200 ms of computing. Counted is CPU time, not time on the clock, so
 * neither other programs nor a quota make a processor look slow. Other tasks of this process get their turn every 8 ms.
 */
export async function calibrateSpeed(): Promise<number> {
  await runSlices(warmUpUs); // the compiler is busy with the loop at first
  const rates = (await runSlices(measureUs)).sort((a, b) => b - a);
  // The fastest quarter: the others shared a core with a hyperthread, or paid for a garbage collection.
  const best = rates.slice(0, Math.ceil(rates.length / 4));
  const unitsPerMs = best.reduce((sum, rate) => sum + rate, 0) / best.length;
  return roundSpeed((unitsPerMs / standardUnitsPerMs) * standardSpeed);
}

/** A second run differs by some per cent; figures that small would look like a difference between nodes. */
function roundSpeed(speed: number): number {
  return Math.max(100, Math.round(speed / 100) * 100);
}

/** Units per ms of each slice. */
async function runSlices(totalUs: number): Promise<number[]> {
  const rates: number[] = [];
  for (let usedUs = 0; usedUs < totalUs;) {
    const slice = runSlice();
    usedUs += slice.us;
    rates.push(slice.units / (slice.us / 1000));
    await setImmediate();
  }
  return rates;
}

function runSlice(): { readonly us: number; readonly units: number } {
  const start = process.cpuUsage();
  for (let units = 1; ; units++) {
    work(units);
    const { user, system } = process.cpuUsage(start);
    if (user + system >= sliceUs) return { us: user + system, units };
  }
}

const cells = new Float64Array(1024);

/** About 0.1 ms: integer arithmetic with shifts, then floating point over an array that fits the first cache. */
function work(seed: number): void {
  let word = seed | 1;
  for (let i = 0; i < 16_384; i++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word = (word ^ (word << 5)) + Math.imul(word, 0x9e3779b1);
  }
  let sum = word;
  for (let round = 0; round < 16; round++) {
    for (let i = 0; i < cells.length; i++) {
      sum = sum * 0.999 + cells[i]! * 1.0001;
      cells[i] = sum / (1 + Math.abs(sum)); // stays in range, and can't be computed ahead
    }
  }
}
