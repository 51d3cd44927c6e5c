import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { parseProcessStatus } from '../core/proc/process-status.js';
import type { JobProcess } from './driver.js';
import { mainOf } from './signal-job.js';

/** Has the command a handler for this signal? */
export async function handlesSignal(job: JobProcess, signal: string): Promise<boolean> {
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  const [main] = await mainOf(job);
  if (number === undefined || main === undefined) return false;
  const text = await readFile(`/proc/${main}/status`, 'utf8').catch(() => '');
  const caught = parseProcessStatus(text).get('SigCgt') ?? '0';
  return (BigInt(`0x${caught}`) & (1n << BigInt(number - 1))) !== 0n;
}
