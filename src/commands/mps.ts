import { isJobId } from '../core/ids.js';
import { UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { command, jsonOption, type CommandContext } from './command.js';
import { guestRow, jobRow, jobTable } from './job-table.js';

export const mps = command({
  name: 'mps',
  operands: '',
  count: [0, 0],
  describe: 'List the jobs born here and the guests that run here, and on which node each runs.',
  options: {
    a: { type: 'boolean', describe: 'also jobs that have ended' },
    why: { type: 'string', argument: 'JOB', describe: 'explain whether and how a job can move' },
    json: jsonOption,
  },
  run: async ({ options }, context) => {
    if (options.why !== undefined) return explain(options.why, options.json === true, context);
    const mosd = await context.anyMosd();
    const [jobs, { guests }] = await Promise.all([
      mosd.request('jobs', { all: options.a === true }),
      mosd.request('status', { fresh: false }),
    ]);
    if (options.json) {
      context.printJson({ jobs, guests });
    } else {
      const { node } = await mosd.request('ping', {});
      const rows = [...jobs.map(jobRow), ...guests.map((guest) => guestRow(guest, node))];
      for (const line of jobTable(rows, context.columns)) context.print(line);
    }
    return exitCodes.done;
  },
});

async function explain(job: string, json: boolean, context: CommandContext): Promise<number> {
  const isJob: boolean = isJobId(job);
  if (!isJob) throw new UsageError(`'${job}' is no job`, { hint: 'mps lists them' });
  const answer = await (await context.anyMosd()).request('why', { job });
  if (json) {
    context.printJson(answer);
    return exitCodes.done;
  }
  context.print(answer.driver === null ? `${job} can't move` : `${job} can move, by ${answer.driver}`);
  for (const { driver, reasons } of answer.drivers) {
    context.print(`  ${driver}: ${reasons.length === 0 ? 'can' : reasons.join('; ')}`);
  }
  if (answer.balance !== null) context.print(`  balance: ${answer.balance}`);
  return exitCodes.done;
}
