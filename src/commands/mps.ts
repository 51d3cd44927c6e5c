import type { GuestView, JobView } from '../core/cluster-map.js';
import { isJobId } from '../core/ids.js';
import { UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { command, jsonOption, type CommandContext } from './command.js';
import { guestRow, jobRow, jobTable } from './job-table.js';
import {
  isNamed,
  isSelected,
  parseColumns,
  parseNames,
  parseSort,
  parseWhere,
  sorted,
  type Listed,
} from './mps/select.js';

export const mps = command({
  name: 'mps',
  operands: '[PID|JOB …]',
  count: [0, Infinity],
  describe: 'List the jobs born here and the guests that run here, and on which node each runs.',
  options: {
    a: { type: 'boolean', describe: 'also jobs that have ended' },
    N: { type: 'string', argument: 'LIST', describe: 'only what runs on these nodes, for example 1,4-6' },
    home: { type: 'boolean', describe: 'only own jobs that run here' },
    away: { type: 'boolean', describe: 'only own jobs that run elsewhere' },
    guests: { type: 'boolean', describe: 'only guests' },
    o: { type: 'string', argument: 'COLUMNS', describe: 'these columns, for example pid,where,command' },
    sort: {
      type: 'string',
      argument: 'COLUMN',
      describe: 'sort by it; -COLUMN: the highest first',
      mayBeginWithDash: true,
    },
    why: { type: 'string', argument: 'JOB', describe: 'explain whether and how a job can move' },
    json: jsonOption,
  },
  run: async ({ options, operands }, context) => {
    if (options.why !== undefined) return explain(options.why, options.json === true, context);
    const kinds = new Set((['home', 'away', 'guests'] as const).filter((kind) => options[kind] === true));
    const selection = { kinds, nodes: parseWhere(options.N), names: parseNames(operands) };
    const [columns, keys] = [parseColumns(options.o), parseSort(options.sort)];
    const mosd = await context.anyMosd();
    const [jobs, { guests }] = await Promise.all([
      mosd.request('jobs', { all: options.a === true }),
      mosd.request('status', { fresh: false }),
    ]);
    const { node } = await mosd.request('ping', {});
    const own = new Set(jobs.map(({ job }) => job));
    const all: readonly Listed[] = [
      ...jobs.map((job) => ({ kind: 'own', job }) as const),
      ...guests
        .filter(({ job }) => !own.has(job))
        .map((guest) => ({ kind: 'guest', guest, here: node }) as const),
    ];
    const rows = sorted(
      all.filter((listed) => isSelected(listed, selection)),
      keys,
    );
    if (options.json) context.printJson(asJson(rows));
    else {
      const cells = rows.map((row) => (row.kind === 'own' ? jobRow(row.job) : guestRow(row.guest, row.here)));
      for (const line of jobTable(cells, context.columns, columns ?? undefined)) context.print(line);
    }
    const missing = selection.names.filter((name) => !all.some((listed) => isNamed(listed, name)));
    for (const name of missing) context.note(`${name} is no job here`);
    return missing.length > 0 ? exitCodes.failed : exitCodes.done;
  },
});

function asJson(rows: readonly Listed[]): { jobs: readonly JobView[]; guests: readonly GuestView[] } {
  return {
    jobs: rows.flatMap((row) => (row.kind === 'own' ? [row.job] : [])),
    guests: rows.flatMap((row) => (row.kind === 'guest' ? [row.guest] : [])),
  };
}

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
