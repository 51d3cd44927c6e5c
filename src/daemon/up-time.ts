import { readFileSync } from 'node:fs';
import { parseProcessStat } from '../core/proc/process-stat.js';

/** ms since this machine was started, by a clock that nobody sets and that goes on while the machine sleeps. */
export function upMs(): number {
  const seconds = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
  if (!Number.isFinite(seconds)) throw new Error('/proc/uptime can not be read');
  return Math.round(seconds * 1_000);
}

let boot: string | undefined;

/** Names this start of the machine, or of the container that passes for one: a process of another start is gone. */
export function bootOf(): string {
  if (boot === undefined) {
    const id = readOr('/proc/sys/kernel/random/boot_id').trim();
    boot = `${id}/${parseProcessStat(readOr('/proc/1/stat'))?.startTicks ?? 0}`;
  }
  return boot;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
