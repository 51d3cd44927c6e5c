import { freemem, totalmem } from 'node:os';
import { parseMeminfo, type Meminfo } from '../../core/proc/meminfo.js';
import type { MemoryLimit } from './limits.js';

/** `mem`, `rmem` and `tmem` of a node, KiB. */
export interface MemoryReading {
  readonly mem: number;
  readonly rmem: number;
  readonly tmem: number;
}

/** Free memory is what the machine has left, or what a limit leaves of it, whichever is less. */
export function memoryReading(meminfoText: string | null, limits: readonly MemoryLimit[]): MemoryReading {
  const machine = parseMeminfo(meminfoText ?? '') ?? fromNode();
  const least = (whole: number, left: (limit: MemoryLimit) => number): number =>
    Math.max(0, Math.min(whole, ...limits.map(left)));
  return {
    mem: least(machine.availableKib, (limit) => limit.limitKib - limit.usedKib + limit.reclaimableKib),
    rmem: least(machine.freeKib, (limit) => limit.limitKib - limit.usedKib),
    tmem: least(machine.totalKib, (limit) => limit.limitKib),
  };
}

/** Where there is no /proc. */
function fromNode(): Meminfo {
  const freeKib = Math.floor(freemem() / 1024);
  return { totalKib: Math.floor(totalmem() / 1024), freeKib, availableKib: freeKib, swapFreeKib: 0 };
}
