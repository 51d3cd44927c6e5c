import { spawn } from 'node:child_process';
import { cronFields, cronLine, ownCronLines, withCronLine } from '../../core/crontab.js';
import { parseDuration } from '../../core/duration.js';
import { MoskitError, UsageError, errnoOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { programPath } from '../../program-path.js';
import { command, jsonOption } from '../command.js';
import { settingsOf } from './service/settings.js';

const maxBytes = 4 * 1024 * 1024;

/** One marked line in the user's crontab, through crontab(1): a balancing pass now and then without a mosd that stays. */
export const cron = command({
  name: 'mosctl cron',
  operands: 'install|remove|status',
  count: [1, 1],
  describe:
    "Have cron do 'mosctl rebalance' at even intervals: one marked line in your crontab, the rest stays as it is.",
  options: {
    every: { type: 'string', argument: 'TIME', describe: 'how often: 1m to 30m, 1h to 12h, 1d (5m)' },
    json: jsonOption,
  },
  run: async ({ options, operands: [verb = ''] }, context) => {
    if (!['install', 'remove', 'status'].includes(verb))
      throw new UsageError(`'${verb}' is none of install, remove, status`);
    if (verb !== 'install' && options.every !== undefined) throw new UsageError('--every belongs to install');
    const line = verb === 'install' ? lineFor(options.every ?? '5m', context.env) : null;
    const before = await readCrontab(context.env);
    if (verb === 'status') {
      const [found] = ownCronLines(before);
      if (options.json) context.printJson({ installed: found !== undefined, line: found ?? null });
      else context.print(found ?? 'not installed');
      return found === undefined ? exitCodes.failed : exitCodes.done;
    }
    const after = withCronLine(before, line);
    if (after !== before) await writeCrontab(after, context.env);
    if (options.json) context.printJson({ installed: line !== null, line });
    else if (line !== null) context.print(line);
    else context.print(after === before ? 'there was none' : 'removed');
    return exitCodes.done;
  },
});

function lineFor(every: string, env: NodeJS.ProcessEnv): string {
  const ms = parseDuration(every);
  const fields = ms === null ? null : cronFields(ms);
  if (fields === null)
    throw new UsageError(`cron can't do it every '${every}'`, {
      hint: 'a time that divides an hour or a day evenly: 5m, 15m, 1h, 6h, 1d',
    });
  const words = [process.execPath, programPath(env), 'mosctl', 'rebalance'];
  return cronLine(fields, { words, env: settingsOf(env) });
}

/** As bytes in a string: a crontab need not be UTF-8. */
async function readCrontab(env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await runCrontab(['-l'], '', env);
  if (code === 0) return stdout;
  if (/no crontab/i.test(stderr)) return '';
  throw new MoskitError(`crontab -l failed: ${stderr.trim() || `exit ${code ?? '?'}`}`);
}

async function writeCrontab(text: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await runCrontab(text === '' ? ['-r'] : ['-'], text, env);
  if (code !== 0)
    throw new MoskitError(`crontab refused the new table: ${stderr.trim() || `exit ${code ?? '?'}`}`, {
      hint: 'the old one is still in force',
    });
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runCrontab(args: readonly string[], input: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // In C it says "no crontab for" in these words.
    const child = spawn('crontab', args, { env: { ...env, LC_ALL: 'C' }, stdio: 'pipe', timeout: 30_000 });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('latin1').on('data', (text: string) => {
        output[name] += text;
        if (output[name].length > maxBytes) child.kill('SIGKILL');
      });
    }
    child.stdin.on('error', () => undefined);
    child.stdin.end(input, 'latin1');
    child.once('error', (error) => {
      const isMissing = errnoOf(error) === 'ENOENT';
      reject(
        new MoskitError(isMissing ? 'there is no crontab here' : `crontab did not run: ${error.message}`, {
          hint: isMissing ? "install cron, or let mosd stay: 'mosctl service install'" : undefined,
        }),
      );
    });
    child.once('close', (code) => resolve({ code, ...output }));
  });
}
