import { join } from 'node:path';
import { RefusedError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { resolvePaths } from '../../paths.js';
import type { PlanLine } from '../../protocol/messages.js';
import type { HeldLock } from '../../state/lock-file.js';
import { command, jsonOption } from '../command.js';
import { describeOutcome } from '../move-text.js';

/** One balancing pass, for cron: the same decisions as mosd's own loop. */
export const rebalance = command({
  name: 'mosctl rebalance',
  operands: '',
  count: [0, 0],
  describe: 'Decide once where the jobs born here should run, move them there, say why; for cron.',
  options: {
    'dry-run': { type: 'boolean', describe: 'only say what would be done' },
    json: jsonOption,
  },
  run: async ({ options }, context) => {
    const dryRun = options['dry-run'] === true;
    const mosd = await context.mosd();
    const lock = await lockPass(context.env);
    try {
      const answer = await mosd.request('rebalance', { dryRun }, { timeoutMs: Infinity });
      if (options.json) {
        context.printJson(answer);
      } else {
        for (const line of answer.plan) context.print(describePlan(line, dryRun));
        for (const outcome of answer.outcomes) context.print(describeOutcome(outcome));
        if (answer.plan.length === 0) context.print('no jobs to balance');
      }
      return exitCodes.done;
    } finally {
      await lock.release();
    }
  },
});

function describePlan({ job, from, to, why }: PlanLine, dryRun: boolean): string {
  if (to === null) return `${job} stays on node ${from}: ${why}`;
  return `${job} ${dryRun ? 'would go' : 'goes'} from node ${from} to ${to}: ${why}`;
}

/** Two passes at once would each count on the room that the other gives away. */
async function lockPass(env: NodeJS.ProcessEnv): Promise<HeldLock> {
  const { tryLock } = await import('../../state/lock-file.js'); // slow to load, and needed here alone
  const lock = await tryLock(join(resolvePaths(env).runtimeDir, 'rebalance.lock'));
  if (lock.held) return lock;
  throw new RefusedError(`another rebalance runs already (PID ${lock.holder.pid})`);
}
