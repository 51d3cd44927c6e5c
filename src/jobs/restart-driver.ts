import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Driver } from './driver.js';
import { continueTree, isAlive, killTree, stopTree } from './process-tree.js';
import { plainRequirements } from './requirements.js';
import { readExit } from './sandbox.js';
import { spoolsOf, startAgain } from './start-again.js';

/**
 * Starts the job again from the beginning. The source is only stopped until the commit; the target's spools start
 * empty, and home passes over the output that it has already delivered.
 */
export const restartDriver: Driver = {
  name: 'restart',
  probe: ({ spec, process }) =>
    spec.relocation.restartable
      ? plainRequirements('restart', process)
      : Promise.resolve({
          ok: false,
          reasons: ['the job did not say that it may be started again (--restartable)'],
        }),
  admit: () => Promise.resolve(null),
  freeze: async ({ process, folder }) => {
    await stopTree(process);
    const exit = await readExit(folder);
    return exit ? { kind: 'ended', exit } : { kind: 'frozen', bytes: 0 };
  },
  thaw: async ({ process }) => {
    if (await isAlive(process)) await continueTree(process);
    return process;
  },
  discard: ({ process }) => killTree(process),
  receivePages: null,
  restoreStopped: () => Promise.resolve(null),
  continue: async (job, started) => {
    // A mosd that was killed right after the start finds it running, or run out.
    if (started && ((await isAlive(started)) || (await readExit(job.folder)))) return started;
    for (const path of spoolsOf(job.folder.dir)) await truncate(path).catch(() => undefined);
    await rm(join(job.folder.dir, 'exit'), { force: true });
    return startAgain(job, job.spec.argv);
  },
  discardRestored: () => Promise.resolve(),
};
