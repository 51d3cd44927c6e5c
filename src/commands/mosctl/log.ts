import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../core/duration.js';
import { formatEvent, isAskedFor, type HistoryQuery } from '../../core/history.js';
import { isJobId } from '../../core/ids.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { resolvePaths } from '../../paths.js';
import type { HistoryPlace } from '../../state/history.js';
import { command, type CommandContext } from '../command.js';

const lookMs = 500;

/** `mosctl log`: reads the file itself, so it works when mosd does not. */
export const log = command({
  name: 'mosctl log',
  operands: '',
  count: [0, 0],
  describe:
    'What happened here: every placement, decision, move, refusal, fault and recovery, with its reason.',
  options: {
    job: { type: 'string', argument: 'JOB', describe: 'of this job only' },
    since: { type: 'string', argument: 'TIME', describe: 'not older than 90s, 10m, 1h, 2d' },
    follow: { type: 'boolean', alias: 'f', describe: 'go on with what happens' },
    json: { type: 'boolean', describe: 'one JSON object per line, as in history.ndjson' },
  },
  run: async ({ options }, context) => {
    const query = { job: jobOf(options.job), sinceMs: sinceOf(options.since) };
    const { history } = resolvePaths(context.env);
    const json = options.json ?? false;
    let place = await show(history, query, json, context, null);
    while (options.follow) {
      await delay(lookMs);
      if (sizeOf(history) === place?.bytes) continue;
      place = await show(history, query, json, context, place);
    }
    return exitCodes.done;
  },
});

async function show(
  path: string,
  query: HistoryQuery,
  json: boolean,
  context: CommandContext,
  from: HistoryPlace | null,
): Promise<HistoryPlace | null> {
  // Loaded only here: the other verbs start a millisecond sooner without it.
  const { readHistory } = await import('../../state/history.js');
  const events = readHistory(path, from);
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    if (isAskedFor(next.value, query))
      context.print(json ? JSON.stringify(next.value) : formatEvent(next.value));
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function jobOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!isJobId(text))
    throw new UsageError(`'${String(text)}' is no job`, { hint: 'a job is written as mps shows it: 1-17' });
  return text;
}

function sinceOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const ms = parseDuration(text);
  if (ms === null) throw new UsageError(`'${text}' is no time`, { hint: 'write 90s, 10m, 1h or 2d' });
  return Date.now() - ms;
}
