import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

const ticksPerSecond = 100;

async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Percent of one core that a process takes over so many seconds. */
export async function cpuPercent(pid: number, seconds: number): Promise<number> {
  const [before, startMs] = [await cpuSeconds(pid), performance.now()];
  await delay(seconds * 1000);
  return (((await cpuSeconds(pid)) - before) / ((performance.now() - startMs) / 1000)) * 100;
}

export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
