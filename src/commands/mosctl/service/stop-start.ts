import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Admin, Flag } from '../../../core/cluster-map.js';
import { errnoOf } from '../../../errors.js';
import { resolvePaths } from '../../../paths.js';
import { loadJsonFile, saveJsonFile } from '../../../state/json-file.js';
import type { CommandContext } from '../../command.js';
import { describeOutcome } from '../../move-text.js';

type Kept = Pick<Admin, 'block' | 'lstay'>;

const keptPath = (env: NodeJS.ProcessEnv): string => join(resolvePaths(env).stateDir, 'service.json');

/** At boot: mosd runs, and what the shutdown had closed is open again. */
export async function startService(context: CommandContext): Promise<void> {
  const mosd = await context.anyMosd();
  const kept = await readKept(context.env);
  if (!kept) return;
  await mosd.request('setAdmin', { admin: kept });
  await unlink(keptPath(context.env)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/** Before shutdown: guests go home, own jobs come back, mosd ends. What can't leave in time is said, and not waited for. */
export async function stopService(context: CommandContext, timeoutMs: number): Promise<boolean> {
  const mosd = await context.runningMosd();
  if (!mosd) return true;
  const { block, lstay, mospe } = (await mosd.request('map', {})).admin;
  // A stop that was cut short and is done again must not keep what the first one set.
  if (!(await readKept(context.env)))
    await saveJsonFile(keptPath(context.env), { block, lstay } satisfies Kept, { durable: true });
  const verbs = mospe === 0 ? (['expel'] as const) : (['expel', 'bring'] as const);
  let isAll = true;
  for (const verb of verbs) {
    const { outcomes } = await mosd.request(verb, { timeoutMs }, { timeoutMs: timeoutMs + 30_000 });
    for (const outcome of outcomes) {
      if (outcome.moved) context.print(describeOutcome(outcome));
      else context.note(describeOutcome(outcome));
      isAll &&= outcome.moved;
    }
  }
  await mosd.request('shutdown', {});
  return isAll;
}

async function readKept(env: NodeJS.ProcessEnv): Promise<Kept | null> {
  const loaded = await loadJsonFile(keptPath(env), { check: checkKept, limitBytes: 4096 });
  return loaded.kind === 'ok' ? loaded.value : null;
}

function checkKept(
  value: unknown,
):
  { readonly ok: true; readonly value: Kept } | { readonly ok: false; readonly problems: readonly string[] } {
  const isFlag = (flag: unknown): flag is Flag => flag === 0 || flag === 1;
  const { block, lstay } = (value ?? {}) as Partial<Record<keyof Kept, unknown>>;
  if (isFlag(block) && isFlag(lstay)) return { ok: true, value: { block, lstay } };
  return { ok: false, problems: ['block and lstay are 0 or 1'] };
}
