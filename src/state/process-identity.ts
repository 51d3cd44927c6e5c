import { readFileSync } from 'node:fs';
import { parseProcessStat } from '../core/proc/process-stat.js';
import { errnoOf } from '../errors.js';

/** A PID is given out again some day; with its start time and the boot it names one process for ever. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat; 0 where there is no /proc. */
  readonly startTicks: number;
  readonly bootId: string;
}

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, startTicks: readStat(process.pid)?.startTicks ?? 0, bootId: readBootId() };
  return own;
}

/** A zombie has let go of everything, so it counts as ended. */
export function isProcessAlive({ pid, startTicks, bootId }: ProcessIdentity): boolean {
  if (bootId !== ownIdentity().bootId) return false;
  if (startTicks === 0) return answersSignals(pid);
  const stat = readStat(pid);
  return stat?.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

function readStat(pid: number): ReturnType<typeof parseProcessStat> {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
