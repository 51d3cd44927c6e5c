import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseProcessStatus } from '../core/proc/process-status.js';
import { MoskitError } from '../errors.js';
import type { JobProcess } from './driver.js';
import { treeOf } from './tree-members.js';

const lookMs = 20;
const giveUpMs = 50_000;

/**
 * Resolves when nobody holds a process of the job any more. A dump outlives the mosd that began it, and leaves the job
 * stopped when it ends: one that is woken before would be stopped again, for good.
 */
export async function untraced(job: JobProcess, tracerOf: typeof readTracer = readTracer): Promise<void> {
  const giveUpAt = performance.now() + giveUpMs;
  for (;;) {
    const tracers = await Promise.all((await treeOf(job)).map((pid) => tracerOf(pid)));
    const tracer = tracers.find((pid) => pid > 0);
    if (tracer === undefined) return;
    if (performance.now() > giveUpAt)
      throw new MoskitError(`PID ${job.pid} is still held by PID ${tracer}, an earlier dump of it`);
    await delay(lookMs);
  }
}

/** 0 = nobody, or the process has ended. */
async function readTracer(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(parseProcessStatus(text).get('TracerPid') ?? 0);
}
