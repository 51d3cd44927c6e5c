import type { Admin } from './cluster-map.js';
import { loadOfProcess } from './load.js';

type Limits = Pick<Admin, 'loadlimit' | 'loadlimitmode' | 'cpulimit' | 'cpulimitmode'>;

interface Reading {
  readonly load: number;
  readonly speed: number;
  readonly cpus: number;
  /** Percent. */
  readonly util: number;
}

/**
 * openMosix's load_limit and cpu_limit (altload(): beyond one of them a node counts as infinitely loaded). `guestCpu` is
 * what guests use, in processors. Answers which limit the node is beyond, or undefined.
 */
export function beyondLimits(limits: Limits, reading: Reading, guestCpu: number): string | undefined {
  const { loadlimit, loadlimitmode, cpulimit, cpulimitmode } = limits;
  const guestLoad = Math.min(reading.load, guestCpu * loadOfProcess(reading));
  const load = part(reading.load, guestLoad, loadlimitmode);
  if (loadlimit !== null && load > loadlimit) {
    return `beyond its loadlimit (${words[loadlimitmode]}load ${Math.round(load)} of ${loadlimit})`;
  }
  const guestUse = Math.min(reading.util, (guestCpu / Math.max(1, reading.cpus)) * 100);
  const use = part(reading.util, guestUse, cpulimitmode);
  if (cpulimit !== null && use > cpulimit) {
    return `beyond its cpulimit (${words[cpulimitmode]}use ${Math.round(use)}% of ${cpulimit}%)`;
  }
  return undefined;
}

const words = ['', 'remote ', 'local '] as const;

function part(all: number, ofGuests: number, mode: 0 | 1 | 2): number {
  if (mode === 0) return all;
  return mode === 1 ? ofGuests : all - ofGuests;
}
