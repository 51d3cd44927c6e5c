import type { DriverName, JobSpec } from '../core/job-spec.js';
import { messageOf } from '../errors.js';
import { appDriver } from './app-driver.js';
import { criuDriver, criuProblem } from './criu-driver.js';
import type { Driver, JobFolder, JobProcess, MoveRequirements } from './driver.js';
import { restartDriver } from './restart-driver.js';

/** In the order in which `auto` tries them. */
const drivers: readonly Driver[] = [criuDriver, appDriver, restartDriver];

export function driverNamed(name: DriverName): Driver {
  return drivers.find((driver) => driver.name === name)!;
}

export interface Probed {
  readonly driver: DriverName;
  /** Empty = it can. */
  readonly reasons: readonly string[];
  readonly requirements: MoveRequirements | null;
  readonly rssKib: number;
}

/** What every driver says of the job, in the order of choice; `--driver` leaves only that one. */
export async function probeDrivers(
  spec: JobSpec,
  folder: JobFolder,
  process: JobProcess,
): Promise<readonly Probed[]> {
  const { driver: wanted } = spec.relocation;
  const asked = drivers.filter(({ name }) => wanted === 'auto' || wanted === name);
  return Promise.all(
    asked.map(async (driver): Promise<Probed> => {
      const { name } = driver;
      try {
        const result = await driver.probe({ spec, folder, process });
        if (!result.ok) return { driver: name, reasons: result.reasons, requirements: null, rssKib: 0 };
        return {
          driver: name,
          reasons: [],
          requirements: result.requirements,
          rssKib: result.requirements.rssKib,
        };
      } catch (error) {
        return {
          driver: name,
          reasons: [`its probe failed: ${messageOf(error)}`],
          requirements: null,
          rssKib: 0,
        };
      }
    }),
  );
}

/** The drivers that work on this machine at all. */
export async function driversHere(): Promise<readonly DriverName[]> {
  return (await criuProblem()) === null ? ['criu', 'app', 'restart'] : ['app', 'restart'];
}
