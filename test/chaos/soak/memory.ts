import { readFile } from 'node:fs/promises';

export interface MemoryFigures {
  readonly startKib: number;
  readonly peakKib: number;
  readonly endKib: number;
  /** From the first to the last third of the run, after the warm-up. */
  readonly growthPercent: number;
  readonly samples: number;
}

const everyMs = 1_000;
/** What is used for the first time is loaded then, and the first two hundred jobs are remembered. */
const warmUpShare = 0.1;

/** Looks at a process's resident memory until it is stopped. */
export function followMemory(pid: number): { stop(): MemoryFigures | null } {
  const samples: number[] = [];
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kib !== undefined) samples.push(Number(kib));
  };
  const timer = setInterval(() => void look(), everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return figuresOf(samples);
    },
  };
}

export function figuresOf(samples: readonly number[]): MemoryFigures | null {
  const warm = samples.slice(Math.floor(samples.length * warmUpShare));
  const third = Math.floor(warm.length / 3);
  if (third === 0) return null;
  const first = median(warm.slice(0, third));
  const last = median(warm.slice(-third));
  return {
    startKib: warm[0]!,
    peakKib: Math.max(...warm),
    endKib: warm.at(-1)!,
    growthPercent: ((last - first) / first) * 100,
    samples: samples.length,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
