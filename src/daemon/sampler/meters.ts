import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { JobUsages } from './job-usage.js';
import { listGroup, type Roots } from './limits.js';
import { listNumbers, readTree } from './process-tree.js';
import { countProcesses, countWholeMachine, type RunningTasks } from './running-tasks.js';
import type { Surroundings } from './surroundings.js';
import { meterCpuTime, meterGroup, meterMachine, type UtilisationMeter } from './utilisation.js';

/** How this node is measured, given where it is. */
export interface Meters {
  readonly running: RunningTasks;
  readonly utilisation: UtilisationMeter;
}

/**
 * - `trees` given: only they count (several nodes that share one machine without walls between them);
 * - own PID namespace: what can be seen is what runs here;
 * - a quota outside of one: those who share the quota are those who compete;
 * - else the whole machine.
 */
export function makeMeters(
  roots: Roots,
  around: Surroundings,
  usages: JobUsages,
  trees: (() => readonly number[]) | null,
): Meters {
  const { procRoot } = roots;
  const { cpuLimit, allowedCpus } = around;
  const countThose = (list: () => readonly number[]): RunningTasks =>
    countProcesses(procRoot, list, process.pid);
  if (trees) {
    return {
      running: countThose(() => trees().flatMap((root) => readTree(procRoot, root).map(({ pid }) => pid))),
      utilisation: meterCpuTime(() => usages.cpuTimeUs(trees()), allowedCpus),
    };
  }
  const utilisation = cpuLimit
    ? meterGroup(cpuLimit, Math.min(cpuLimit.quota, allowedCpus))
    : meterMachine(procRoot, around.allowed);
  if (around.ownPidNamespace) return { running: countThose(() => listNumbers(procRoot)), utilisation };
  if (cpuLimit) return { running: countThose(() => listGroup(cpuLimit.folder)), utilisation };
  return { running: countMachine(procRoot, around), utilisation };
}

/** Confined to some of the processors, we share with those who run there: taken to be evenly spread. */
function countMachine(procRoot: string, { allowedCpus, machineCpus }: Surroundings): RunningTasks {
  if (!existsSync(`${procRoot}/loadavg`)) return { count: () => loadavg()[0] ?? 0, close: () => undefined };
  const machine = countWholeMachine(procRoot);
  return { ...machine, count: () => (machine.count() * allowedCpus) / machineCpus };
}
