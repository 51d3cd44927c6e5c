import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../core/duration.js';
import { formatEvent, isAskedFor, type HistoryEvent, type HistoryQuery } from '../../core/history.js';
import { isJobId } from '../../core/ids.js';
import { UsageError } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { resolvePaths } from '../../paths.js';
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
    let seen = sizeOf(history);
    let last = await show(history, query, json, context);
    while (options.follow) {
      await delay(lookMs);
      const size = sizeOf(history);
      if (size === seen) continue;
      seen = size;
      const since = { ...query, sinceMs: Math.max(query.sinceMs, last.atMs) };
      last = await show(history, since, json, context, last);
    }
    return exitCodes.done;
  },
});

/** How far was shown: the newest time, and how many events bear it. */
interface Shown {
  readonly atMs: number;
  readonly count: number;
}

async function show(
  path: string,
  query: HistoryQuery,
  json: boolean,
  context: CommandContext,
  before: Shown = { atMs: 0, count: 0 },
): Promise<Shown> {
  // Loaded only here: the other verbs start a millisecond sooner without it.
  const { readHistory } = await import('../../state/history.js');
  let shown = before;
  let passed = 0;
  for await (const event of readHistory(path)) {
    if (!isAskedFor(event, query)) continue;
    if (event.atMs === before.atMs && passed++ < before.count) continue;
    context.print(json ? JSON.stringify(event) : formatEvent(event));
    shown = grown(shown, event);
  }
  return shown;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function grown(shown: Shown, { atMs }: HistoryEvent): Shown {
  if (atMs > shown.atMs) return { atMs, count: 1 };
  return atMs === shown.atMs ? { atMs, count: shown.count + 1 } : shown;
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
