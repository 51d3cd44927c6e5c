import { MoskitError } from '../../src/errors.js';
import { largestAllocation } from './allocations.js';
import { mutate } from './mutate.js';
import { pollutedNames } from './pollution.js';
import { randomFrom, seedOf } from './random.js';
import { startWatchdog } from './watchdog.js';

/** A parser of outside bytes. */
export interface Target {
  readonly name: string;
  /** How many inputs it gets, compared with the others: those that touch a disk get fewer. */
  readonly share: number;
  readonly samples: readonly Buffer[];
  /**
   * May give any value, or throw a MoskitError (which it knows how to say to a user). Anything else it throws is a
   * crash; what it must never do otherwise it says by throwing a plain Error.
   */
  run(input: Buffer): unknown;
}

export interface Crash {
  readonly target: string;
  readonly seed: number;
  readonly inputBase64: string;
  readonly error: string;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly perTarget: Readonly<Record<string, number>>;
  readonly msPerTarget: Readonly<Record<string, number>>;
  /** Each kind once. */
  readonly crashes: readonly Crash[];
}

export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  readonly targets: readonly Target[];
  /** Of one input, far above what any takes. */
  readonly budgetMs?: number;
}

const allocationLimitBytes = 64 * 1024 * 1024;
const memoryLimitBytes = 1024 * 1024 * 1024;
const batch = 256;
const mostCrashes = 50;

/** Runs every sample as it is, and then mutations of them. The same seed gives the same inputs. */
export async function runFuzz({ seed, inputs, targets, budgetMs = 5000 }: FuzzOptions): Promise<FuzzResult> {
  const perTarget: Record<string, number> = Object.fromEntries(targets.map(({ name }) => [name, 0]));
  const msPerTarget: Record<string, number> = { ...perTarget };
  const crashes: Crash[] = [];
  const report = (crash: Crash): void => {
    const isNew = crashes.every((known) => known.target !== crash.target || sayOf(known) !== sayOf(crash));
    if (isNew) crashes.push(crash);
  };
  const watchdog = startWatchdog();
  const allocations = largestAllocation();
  const judge = async (target: Target, input: Buffer, inputSeed: number): Promise<void> => {
    watchdog.beat(target.name, inputSeed);
    perTarget[target.name]! += 1;
    const started = performance.now();
    let error = await problemOf(target, input);
    msPerTarget[target.name]! += performance.now() - started;
    const asked = allocations.take();
    if (asked > allocationLimitBytes)
      error ??= `asked for ${asked} bytes at once for ${input.length} of input`;
    if (performance.now() - started > budgetMs) error ??= `took longer than ${budgetMs} ms`;
    const polluted = pollutedNames();
    if (polluted.length > 0) error ??= `changed the prototype of all objects: ${polluted.join(', ')}`;
    if (error !== null)
      report({ target: target.name, seed: inputSeed, inputBase64: input.toString('base64'), error });
  };
  try {
    for (const target of targets) for (const sample of target.samples) await judge(target, sample, 0);
    const turns = targets.flatMap((target) => new Array<Target>(target.share).fill(target));
    let done = Object.values(perTarget).reduce((sum, count) => sum + count, 0);
    const memoryBefore = process.memoryUsage.rss();
    for (let index = 0; done < inputs && crashes.length < mostCrashes; index++, done++) {
      const inputSeed = seedOf(seed, index);
      const random = randomFrom(inputSeed);
      const target = random.pick(turns);
      await judge(target, mutate(random.pick(target.samples), random, target.samples), inputSeed);
      if (index % batch !== 0) continue;
      const grown = process.memoryUsage.rss() - memoryBefore;
      if (grown > memoryLimitBytes)
        report({
          target: target.name,
          seed: inputSeed,
          inputBase64: '',
          error: `memory grew by ${grown} bytes`,
        });
    }
    return { inputs: done, perTarget, msPerTarget, crashes };
  } finally {
    allocations.stop();
    await watchdog.stop();
  }
}

const sayOf = ({ error }: Crash): string => error.split('\n', 1)[0]!.replace(/\d+/g, '#').slice(0, 80);

async function problemOf(target: Target, input: Buffer): Promise<string | null> {
  try {
    await target.run(Buffer.from(input));
    return null;
  } catch (error) {
    if (error instanceof MoskitError) return null;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
